import type { LayoutLabel } from './region.js';

/** A point in page pixels. */
export type Point = readonly [x: number, y: number];

/** One row of the detector's answer, before any filter. */
export interface Detection {
  readonly classId: number;
  readonly label: LayoutLabel;
  /** Sigmoid score of the class, 0 to 1. */
  readonly score: number;
  /** Corners in page pixels, neither rounded nor clipped. */
  readonly box: readonly [x0: number, y0: number, x1: number, y1: number];
  /** Reading rank of the query among all queries; rows of one query share it. */
  readonly rank: number;
  /** Which query the row came from; names its mask. */
  readonly query: number;
}

/** Width and height of a page in pixels. */
export interface PageSize {
  readonly width: number;
  readonly height: number;
}
