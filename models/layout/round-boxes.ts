import { roundHalfEven } from '../image/round-half-even.js';
import type { Detection } from './detection.js';

/** Box corners rounded to integers, ties to even. */
export function roundBoxes(detections: readonly Detection[]): Detection[] {
  return detections.map((detection) => {
    const [x0, y0, x1, y1] = detection.box;
    return { ...detection, box: [roundHalfEven(x0), roundHalfEven(y0), roundHalfEven(x1), roundHalfEven(y1)] };
  });
}
