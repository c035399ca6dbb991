import type { Task } from '../generation/task.js';
import type { Manifest } from '../manifest.js';

/** What a model's manifest says about the pages it reads; every field has a default that suits the published models. */
export interface PageHints {
  /** Whether a line break in an answer is a printed line (to be joined) or a paragraph. */
  readonly lineBreaks: 'printed' | 'paragraphs';
  /** Printed lines a crop may hold; absent: a block is one crop and is split only where it is too large. */
  readonly linesPerCrop?: number;
  /**
   * Height of a printed line, ascender to descender, in the pixels the reader gets: crops are scaled down to `best`
   * and enlarged only below `least`. Absent: crops keep the page's scale.
   */
  readonly lineHeight?: { readonly least: number; readonly best: number };
  /** Pixels of a crop of printed lines at least, where the reader takes less than its image processor asks for. */
  readonly minPixels?: number;
  /** Widest crop in the pixels the reader gets; longer lines are cut between words. */
  readonly maxLineWidth?: number;
  /** Tasks the model was trained on; blocks of others are read as plain text. Absent: all. */
  readonly tasks?: readonly Task[];
  /** Tables beyond this size or with several lines in a cell are read cell by cell; absent: always in one crop. */
  readonly tableLimits?: { readonly rows: number; readonly columns: number };
}

/** A model without a manifest: whole blocks, every task, paragraphs already joined. */
export const defaultPageHints: PageHints = { lineBreaks: 'paragraphs' };

/** The hints in a manifest. */
export function pageHintsOf({ lineBreaks, crop, tasks, table }: Manifest): PageHints {
  return {
    lineBreaks,
    linesPerCrop: crop.maxLineCount,
    lineHeight: crop.lineHeight,
    minPixels: crop.minPixels,
    maxLineWidth: crop.maxLineWidth,
    tasks,
    tableLimits: table,
  };
}
