/** Kernel of the bicubic interpolation; the reference's (and OpenCV's) choice, not Pillow's -0.5. */
const sharpness = -0.75;
export const tapCount = 4;

/** Where each output pixel of one axis takes its four inputs, and their fixed-point weights. */
export interface BicubicTaps {
  /** First input pixel, `[outputs]`; the others follow it. */
  readonly starts: Int32Array;
  /** `[outputs * 4]`; weights of pixels beyond the edge are added to the edge pixel's. */
  readonly weights: Int16Array;
  /** Binary places of the weights. */
  readonly precision: number;
}

/** Taps of one axis as torch.nn.functional.interpolate makes them for bytes: half-pixel centres, no antialiasing. */
export function createTaps(inputSize: number, outputSize: number): BicubicTaps {
  const starts = new Int32Array(outputSize);
  const exact = new Float64Array(outputSize * tapCount);
  const scale = inputSize / outputSize;
  for (let output = 0; output < outputSize; output++) {
    const centre = scale * (output + 0.5) - 0.5;
    const before = Math.floor(centre);
    // All four taps lie inside the input where it is that large; the kernel's weights move to the pixels they clamp to.
    const start = Math.max(0, Math.min(before - 1, inputSize - tapCount));
    starts[output] = start;
    for (let tap = before - 1; tap < before - 1 + tapCount; tap++) {
      const pixel = Math.max(0, Math.min(tap, inputSize - 1));
      exact[output * tapCount + pixel - start] += cubic(Math.abs(centre - tap));
    }
  }
  return { starts, ...toFixedPoint(exact) };
}

/** Keys' cubic convolution kernel at a distance of at most 2. */
function cubic(distance: number): number {
  const d = distance;
  if (d <= 1) return ((sharpness + 2) * d - (sharpness + 3)) * d * d + 1;
  if (d < 2) return ((sharpness * d - 5 * sharpness) * d + 8 * sharpness) * d - 4 * sharpness;
  return 0;
}

/** As many binary places as keep the largest weight below 2^15. */
function toFixedPoint(exact: Float64Array): Pick<BicubicTaps, 'weights' | 'precision'> {
  const largest = exact.reduce((max, weight) => Math.max(max, weight), 0);
  let precision = 0;
  while (precision < 22 && Math.trunc(0.5 + largest * 2 ** (precision + 1)) < 1 << 15) precision++;
  const weights = Int16Array.from(exact, (weight) => Math.trunc(weight * 2 ** precision + (weight < 0 ? -0.5 : 0.5)));
  return { weights, precision };
}
