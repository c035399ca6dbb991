import { pixelIou } from './box-overlap.js';
import type { Detection } from './detection.js';

/** From these overlaps on, the box with the lower score goes. */
const sameClassIou = 0.6;
const otherClassIou = 0.98;

/** Greedy non-maximum suppression; the rest comes back by descending score. */
export function suppressOverlaps(detections: readonly Detection[]): Detection[] {
  const kept: Detection[] = [];
  for (const candidate of [...detections].sort((a, b) => b.score - a.score)) {
    const isCovered = kept.some(
      (winner) =>
        pixelIou(winner.box, candidate.box) >= (winner.classId === candidate.classId ? sameClassIou : otherClassIou),
    );
    if (!isCovered) kept.push(candidate);
  }
  return kept;
}
