import { containedShare } from './box-overlap.js';
import { byClassId, type ClassMap } from './class-map.js';
import type { Detection } from './detection.js';
import type { MergeMode } from './layout-options.js';

/** A box lies in another one when this much of it does. */
const containment = 0.9;

/**
 * Thins out nested boxes. `large` for a class drops whatever lies in a box of that class; `small` for a class drops
 * a box that contains one of that class, unless it lies itself in another. A single mode regards all boxes alike.
 * Every class is judged on the same boxes, so the result does not depend on the order of the classes.
 */
export function mergeContained(
  detections: readonly Detection[],
  mode: MergeMode | ClassMap<MergeMode>,
): readonly Detection[] {
  if (typeof mode === 'string') {
    const drops = droppedByMode(detections, mode, undefined);
    return detections.filter((_, index) => !drops.has(index));
  }
  const drops = new Set<number>();
  for (const [classId, classMode] of byClassId(mode)) {
    for (const index of droppedByMode(detections, classMode, classId)) drops.add(index);
  }
  return detections.filter((_, index) => !drops.has(index));
}

function droppedByMode(detections: readonly Detection[], mode: MergeMode, classId: number | undefined): Set<number> {
  const drops = new Set<number>();
  if (mode === 'union') return drops;
  const isOfClass = (detection: Detection) => classId === undefined || detection.classId === classId;
  const containers = new Set<number>();
  const contained = new Set<number>();
  detections.forEach((inner, i) => {
    detections.forEach((outer, j) => {
      if (i === j || !isOfClass(mode === 'large' ? outer : inner)) return;
      if (containedShare(inner.box, outer.box) < containment) return;
      contained.add(i);
      containers.add(j);
    });
  });
  if (mode === 'large') return contained;
  for (const index of containers) if (!contained.has(index)) drops.add(index);
  return drops;
}
