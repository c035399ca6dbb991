import type { Task } from '../generation/task.js';
import type { Box, LayoutLabel } from '../layout/region.js';

/** A part of a page that goes to the reader in one piece. */
export interface PlannedCrop {
  readonly box: Box;
  readonly task: Task;
  /** Printed lines counted from the ink; 0 where they cannot be counted (tables, figures). */
  readonly lineCount: number;
  /** The printed lines of the crop in page pixels, top to bottom; used to read it again in smaller pieces. */
  readonly lines: readonly Box[];
}

/** A block of a page in reading order, with the crops whose texts, joined, are its content. */
export interface PlannedBlock {
  readonly label: LayoutLabel;
  readonly box: Box;
  readonly score: number;
  /** Empty for blocks that are kept as pictures and not read. */
  readonly crops: readonly PlannedCrop[];
}

/** What will be read of one page, and in which order. */
export interface PagePlan {
  readonly width: number;
  readonly height: number;
  readonly blocks: readonly PlannedBlock[];
}
