import { boxArea } from './box-overlap.js';
import type { Detection, PageSize } from './detection.js';

/** Share of the page above which an `image` is taken for the page itself. */
const landscapeShare = 0.82;
const otherShare = 0.93;

/** Drops `image` boxes that cover nearly the whole page, unless nothing else would be left. */
export function dropPageSizedImages(detections: readonly Detection[], page: PageSize): readonly Detection[] {
  if (detections.length < 2) return detections;
  const limit = (page.width > page.height ? landscapeShare : otherShare) * page.width * page.height;
  const kept = detections.filter(({ label, box: [x0, y0, x1, y1] }) => {
    if (label !== 'image') return true;
    const clipped = [Math.max(0, x0), Math.max(0, y0), Math.min(page.width, x1), Math.min(page.height, y1)] as const;
    return boxArea(clipped) <= limit;
  });
  return kept.length > 0 ? kept : detections;
}
