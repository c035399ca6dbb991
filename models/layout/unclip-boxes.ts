import { byClassId, type ClassMap } from './class-map.js';
import type { Detection } from './detection.js';
import type { UnclipRatio } from './layout-options.js';

/** Grows (or shrinks) boxes about their centres. */
export function unclipBoxes(
  detections: readonly Detection[],
  ratio: UnclipRatio | ClassMap<UnclipRatio>,
): readonly Detection[] {
  const ratioOf = ratioByClass(ratio);
  return detections.map((detection) => {
    const factors = ratioOf(detection.classId);
    if (factors === undefined) return detection;
    const [widthFactor, heightFactor] = typeof factors === 'number' ? [factors, factors] : factors;
    if (widthFactor === 1 && heightFactor === 1) return detection;
    const [x0, y0, x1, y1] = detection.box;
    const halfWidth = ((x1 - x0) * widthFactor) / 2;
    const halfHeight = ((y1 - y0) * heightFactor) / 2;
    const centreX = (x0 + x1) / 2;
    const centreY = (y0 + y1) / 2;
    return {
      ...detection,
      box: [centreX - halfWidth, centreY - halfHeight, centreX + halfWidth, centreY + halfHeight],
    };
  });
}

function ratioByClass(ratio: UnclipRatio | ClassMap<UnclipRatio>): (classId: number) => UnclipRatio | undefined {
  if (typeof ratio === 'number' || isPair(ratio)) return () => ratio;
  const ratios = byClassId(ratio);
  return (classId) => ratios.get(classId);
}

function isPair(ratio: readonly [number, number] | ClassMap<UnclipRatio>): ratio is readonly [number, number] {
  return Array.isArray(ratio);
}
