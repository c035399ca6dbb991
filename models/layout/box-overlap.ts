/** Corners of a box; edges may be fractional and may lie outside the page. */
export type Corners = readonly [x0: number, y0: number, x1: number, y1: number];

/** Area with exclusive right and bottom edges; negative sides count as 0. */
export function boxArea([x0, y0, x1, y1]: Corners): number {
  return Math.max(0, x1 - x0) * Math.max(0, y1 - y0);
}

/** Area that two boxes share. */
export function intersectionArea(a: Corners, b: Corners): number {
  return (
    Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]))
  );
}

/** Share of `inner` that lies in `outer`; 0 for an empty `inner`. */
export function containedShare(inner: Corners, outer: Corners): number {
  const area = boxArea(inner);
  return area > 0 ? intersectionArea(inner, outer) / area : 0;
}

/** Intersection over the smaller of the two areas; 0 where that is empty. */
export function overlapOfSmaller(a: Corners, b: Corners): number {
  const area = Math.min(boxArea(a), boxArea(b));
  return area > 0 ? intersectionArea(a, b) / area : 0;
}

/** Intersection over union with both edges counted as pixels of the box (width = x1 - x0 + 1), PaddleX's convention. */
export function pixelIou(a: Corners, b: Corners): number {
  const width = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]) + 1);
  const height = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]) + 1);
  const shared = width * height;
  const areaOf = (box: Corners) => (box[2] - box[0] + 1) * (box[3] - box[1] + 1);
  return shared / (areaOf(a) + areaOf(b) - shared);
}
