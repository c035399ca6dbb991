import type { FinishReason } from '../generation/reading.js';
import type { Box, LayoutLabel } from '../layout/region.js';

/** A block of a page as it was read. */
export interface Block {
  readonly label: LayoutLabel;
  /** Integers, in pixels of the page as it was decoded. */
  readonly box: Box;
  /** Plain text, HTML for tables, LaTeX for formulas; empty for pictures. */
  readonly text: string;
  /** Geometric mean of the token probabilities, 0 to 1; null where nothing was read. */
  readonly confidence: number | null;
  /** 1-based place in the reading order. */
  readonly order: number;
  /** `order` of the block that the text of this one went into, where blocks were merged. */
  readonly mergedInto?: number;
  /** Pictures inside a table; its HTML points to their paths (`picturePathOf`). */
  readonly figures?: readonly { readonly label: LayoutLabel; readonly box: Box }[];
  /** Level of a section title within its document, 1 the highest; see `restructurePages`. */
  readonly titleLevel?: number;
  /** Present when generation was cut short. */
  readonly truncated?: Exclude<FinishReason, 'stop'>;
  /** Present when the block could not be read; the rest of the page stands. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** One page, read. */
export interface PageResult {
  readonly width: number;
  readonly height: number;
  readonly blocks: readonly Block[];
  readonly markdown: string;
}
