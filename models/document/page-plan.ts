import type { Task } from '../generation/task.js';
import type { ImageSize } from '../image/smart-resize.js';
import type { Box, LayoutLabel } from '../layout/region.js';

/** Pieces of a page stacked on white. */
export interface CropSheet {
  readonly width: number;
  readonly height: number;
  /** Boxes of the page, whole pixels, and where their corners come to lie on the sheet. */
  readonly pieces: readonly { readonly box: Box; readonly x: number; readonly y: number }[];
}

/** A picture inside a table; the reader sees `token` in its place. */
export interface PlannedFigure {
  readonly label: LayoutLabel;
  /** Integers, in pixels of the page. */
  readonly box: Box;
  readonly token: string;
}

/** A part of a page that goes to the reader in one piece. All boxes are in pixels of the straightened page. */
export interface PlannedCrop {
  /** May reach over the edge of the page; what lies outside is paper. */
  readonly box: Box;
  readonly task: Task;
  /** Printed lines counted from the ink; 0 where they cannot be counted (tables, figures). */
  readonly lineCount: number;
  /** The printed lines of the crop, top to bottom; used to read it again in smaller pieces. */
  readonly lines: readonly Box[];
  /** Size the crop is scaled to before the reader's own resize; absent: it keeps the page's scale. */
  readonly size?: ImageSize;
  /** Ink of neighbours and ruled lines inside the box, painted over with paper. */
  readonly erased?: readonly Box[];
  /** The crop is put together from these pieces; `box` is then the sheet itself. */
  readonly sheet?: CropSheet;
  /** Pictures that a token is painted over. */
  readonly figures?: readonly PlannedFigure[];
  /** The crop goes on with the printed line of the crop before it. */
  readonly continuesLine?: boolean;
  /** The ink holds nothing low and level, so that an underscore in the reading is none. */
  readonly hasNoUnderscore?: boolean;
  /** Tokens a right reading can take at most; absent: not known. */
  readonly maxTokens?: number;
  /** How many times this place was read before. */
  readonly round?: number;
}

/** Where a crop stands in a table that is read cell by cell. */
export interface PlannedCell {
  readonly row: number;
  readonly column: number;
  readonly rowSpan: number;
  readonly columnSpan: number;
  /** Crops of the cell: a range of the block's crops; empty for an empty cell. */
  readonly firstCrop: number;
  readonly cropCount: number;
}

/** A table cell by cell. */
export interface PlannedGrid {
  readonly rowCount: number;
  readonly columnCount: number;
  readonly crops: readonly PlannedCrop[];
  readonly cells: readonly PlannedCell[];
}

/** A block of a page in reading order, with the crops whose texts, joined, are its content. */
export interface PlannedBlock {
  readonly label: LayoutLabel;
  /** Integers, in pixels of the page as it was decoded. */
  readonly box: Box;
  readonly score: number;
  /** Empty for blocks that are kept as pictures and not read. */
  readonly crops: readonly PlannedCrop[];
  /** Present where a table is read cell by cell. */
  readonly cells?: readonly PlannedCell[];
  /** The printed grid of a table read in one crop: its size tells a wrong reading, its crops mend it. */
  readonly grid?: PlannedGrid;
  /** Index in the plan of the block whose crop holds this one too. */
  readonly mergedInto?: number;
  /** Pictures inside a table, which are no blocks of their own. */
  readonly figures?: readonly PlannedFigure[];
  /** The block was not detected: its ink was left over. */
  readonly isStray?: boolean;
}

/** What will be read of one page, and in which order. */
export interface PagePlan {
  readonly width: number;
  readonly height: number;
  /** Slope of the printed lines; crops are cut from the page turned level (see `toTilted`). */
  readonly slope: number;
  readonly blocks: readonly PlannedBlock[];
}
