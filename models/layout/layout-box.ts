import type { Detection, PageSize, Point } from './detection.js';
import { besideTheText } from './reading-places.js';
import type { Box, LayoutLabel } from './region.js';

/** One box as PaddleX reports it in `layout_det_res`. */
export interface LayoutBox {
  readonly classId: number;
  readonly label: LayoutLabel;
  readonly score: number;
  /** Integers inside the page. */
  readonly box: Box;
  /** 1-based place in the reading order; null for labels that stand beside the text flow. */
  readonly order: number | null;
  /** Outline from the mask; absent for plain boxes. */
  readonly polygon?: readonly Point[];
}

/**
 * Detections, already in reading order, clipped to the page, cut to integers and numbered; what is empty then is
 * dropped and takes no number.
 */
export function layoutBoxes(
  detections: readonly (Detection & { readonly polygon?: readonly Point[] })[],
  page: PageSize,
): LayoutBox[] {
  const boxes: LayoutBox[] = [];
  let orderedCount = 0;
  for (const { classId, label, score, box, polygon } of detections) {
    const x0 = Math.trunc(Math.max(0, box[0]));
    const y0 = Math.trunc(Math.max(0, box[1]));
    const x1 = Math.trunc(Math.min(page.width, box[2]));
    const y1 = Math.trunc(Math.min(page.height, box[3]));
    if (!(x1 > x0 && y1 > y0)) continue;
    const order = besideTheText.has(label) ? null : ++orderedCount;
    boxes.push({ classId, label, score, box: [x0, y0, x1, y1], order, ...(polygon ? { polygon } : {}) });
  }
  return boxes;
}
