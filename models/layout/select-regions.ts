import { applyThreshold } from './apply-threshold.js';
import type { Detection, PageSize } from './detection.js';
import { dropPageSizedImages } from './drop-page-sized-images.js';
import { filterOverlapping } from './filter-overlapping.js';
import { type LayoutBox, layoutBoxes } from './layout-box.js';
import { defaultLayoutOptions, type LayoutOptions } from './layout-options.js';
import { mergeContained } from './merge-contained.js';
import type { Region } from './region.js';
import { roundBoxes } from './round-boxes.js';
import { suppressOverlaps } from './suppress-overlaps.js';
import { unclipBoxes } from './unclip-boxes.js';

/** What the detector found on a page, in reading order. */
export interface LayoutSelection {
  /** Every box that passed the detector's filters, containers included: PaddleX's `layout_det_res`. */
  readonly boxes: readonly LayoutBox[];
  /** The boxes that are cropped and read; `order` of a region is its index in `boxes`. */
  readonly regions: readonly Region[];
}

/**
 * PaddleX's post-processing of a layout detector, step by step in its order, and its overlap filter before cropping.
 * `detections` are all rows of the detector, by ascending rank or not.
 */
export function selectRegions(
  detections: readonly Detection[],
  page: PageSize,
  options: LayoutOptions = defaultLayoutOptions,
): LayoutSelection {
  let rows: readonly Detection[] = applyThreshold(roundBoxes(detections), options.layoutThreshold);
  if (options.layoutNms) rows = suppressOverlaps(rows);
  rows = dropPageSizedImages(rows, page);
  rows = mergeContained(rows, options.layoutMergeBboxesMode);
  rows = [...rows].sort((a, b) => a.rank - b.rank || b.score - a.score);
  const boxes = layoutBoxes(unclipBoxes(rows, options.layoutUnclipRatio), page);
  const regions = filterOverlapping(
    boxes.map(({ label, box, score }, order): Region => ({ label, box, score, order })),
  );
  return { boxes, regions };
}
