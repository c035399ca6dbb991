import type { Detection } from '../../models/layout/detection.js';
import { type LayoutLabel, layoutLabels } from '../../models/layout/region.js';

/** A detection with the label's class id; rank and query default to 0. */
export function detection(
  label: LayoutLabel,
  box: Detection['box'],
  rest: Partial<Omit<Detection, 'label' | 'box' | 'classId'>> = {},
): Detection {
  return { classId: layoutLabels.indexOf(label), label, box, score: 0.9, rank: 0, query: 0, ...rest };
}
