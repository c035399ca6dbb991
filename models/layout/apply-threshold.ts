import { byClassId, type ClassMap } from './class-map.js';
import type { Detection } from './detection.js';

const thresholdOfUnnamedClass = 0.5;

/** Keeps the detections whose score is above the threshold of their class. */
export function applyThreshold(detections: readonly Detection[], threshold: number | ClassMap<number>): Detection[] {
  if (typeof threshold === 'number') return detections.filter(({ score }) => score > threshold);
  const thresholds = byClassId(threshold);
  return detections.filter(({ classId, score }) => score > (thresholds.get(classId) ?? thresholdOfUnnamedClass));
}
