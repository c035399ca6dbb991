import { boxArea, overlapOfSmaller } from './box-overlap.js';
import type { LayoutBox } from './layout-box.js';
import type { LayoutLabel } from './region.js';

const smallestSide = 6;
const inlineFormulaOverlap = 0.5;
const duplicateOverlap = 0.7;
const pictureLabels: ReadonlySet<LayoutLabel> = new Set(['image', 'table', 'seal', 'chart']);

/**
 * The boxes that are cropped: no containers (`reference`), no slivers, and of two boxes that mostly cover one another
 * only the larger, unless a picture and what is printed on it are both wanted. PaddleX's rules, in its order.
 * `polygonOverlap` (share of the smaller polygon), where given, keeps boxes whose outlines hardly meet.
 */
export function filterOverlapping<T extends Pick<LayoutBox, 'label' | 'box'>>(
  boxes: readonly T[],
  polygonOverlap?: (a: T, b: T) => number,
): T[] {
  const candidates = boxes.filter(({ label }) => label !== 'reference');
  const dropped = new Set<number>();
  candidates.forEach((first, i) => {
    const [x0, y0, x1, y1] = first.box;
    if (x1 - x0 < smallestSide || y1 - y0 < smallestSide) dropped.add(i);
    for (let j = i + 1; j < candidates.length && !dropped.has(i); j++) {
      if (dropped.has(j)) continue;
      const second = candidates[j];
      const overlap = overlapOfSmaller(first.box, second.box);
      const isFormula = [first.label === 'inline_formula', second.label === 'inline_formula'];
      if (overlap > inlineFormulaOverlap && (isFormula[0] || isFormula[1])) {
        if (isFormula[0]) dropped.add(i);
        if (isFormula[1]) dropped.add(j);
        continue;
      }
      if (overlap <= duplicateOverlap || isPictureWithContent(first.label, second.label)) continue;
      if (polygonOverlap && polygonOverlap(first, second) < duplicateOverlap) continue;
      dropped.add(boxArea(first.box) >= boxArea(second.box) ? j : i);
    }
  });
  return candidates.filter((_, index) => !dropped.has(index));
}

/** Text over a figure, or two different kinds of picture: both stay. Text in a table does not. */
function isPictureWithContent(a: LayoutLabel, b: LayoutLabel): boolean {
  if (a === b) return false;
  const pictureCount = Number(pictureLabels.has(a)) + Number(pictureLabels.has(b));
  const hasTable = a === 'table' || b === 'table';
  return pictureCount === 2 || (pictureCount === 1 && !hasTable);
}
