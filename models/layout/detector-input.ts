import type { RgbImage } from '../image/rgb-image.js';

/** Kernel of the bicubic interpolation; the reference's (and OpenCV's) choice, not Pillow's -0.5. */
const sharpness = -0.75;
const tapCount = 4;

/** Where each output pixel of one axis takes its four inputs, and their fixed-point weights. */
interface Taps {
  /** First input pixel, `[outputs]`; the others follow it. */
  readonly starts: Int32Array;
  /** `[outputs * 4]`; weights of pixels beyond the edge are added to the edge pixel's. */
  readonly weights: Int16Array;
  /** Binary places of the weights. */
  readonly precision: number;
}

/**
 * The page as the detector wants it: resized to `size` whatever its aspect, `[3, height, width]` bytes (R, G, B planes).
 *
 * Bicubic, half-pixel centres, no antialiasing (big pages alias; the detector was trained on that), edges repeated.
 * First along rows, rounded to bytes, then along columns, rounded again, with weights of 16-bit fixed point:
 * the arithmetic of torch.nn.functional.interpolate on bytes, to the bit.
 */
export function detectorInput(page: RgbImage, size: { readonly width: number; readonly height: number }): Uint8Array {
  const taps = createTaps(page.height, size.height);
  const usedRows = new Uint8Array(page.height);
  for (const start of taps.starts) usedRows.fill(1, start, start + tapCount);
  const planes = resizeRows(page, size.width, usedRows);
  return resizeColumns(planes, page.height, size.width, taps);
}

/** `[height, width, 3]` to `[3, height, targetWidth]`; rows that are not used stay 0. */
function resizeRows({ width, height, data }: RgbImage, targetWidth: number, usedRows: Uint8Array): Uint8ClampedArray {
  const { starts, weights, precision } = createTaps(width, targetWidth);
  const rounding = 1 << (precision - 1);
  const planeSize = height * targetWidth;
  const planes = new Uint8ClampedArray(3 * planeSize);
  // Pages narrower than the kernel have taps beyond the row; their weight is 0, so any pixel may stand in.
  const step = (tap: number) => Math.min(tap, width - 1) * 3;
  const [second, third, fourth] = [step(1), step(2), step(3)];
  for (let y = 0; y < height; y++) {
    if (usedRows[y] === 0) continue;
    const row = y * width * 3;
    const target = y * targetWidth;
    for (let x = 0; x < targetWidth; x++) {
      const w0 = weights[x * tapCount];
      const w1 = weights[x * tapCount + 1];
      const w2 = weights[x * tapCount + 2];
      const w3 = weights[x * tapCount + 3];
      const a = row + starts[x] * 3;
      const b = a + second;
      const c = a + third;
      const d = a + fourth;
      // Written out for the three channels: a loop over them takes twice as long.
      const red = Math.imul(data[a], w0) + Math.imul(data[b], w1) + Math.imul(data[c], w2) + Math.imul(data[d], w3);
      const green =
        Math.imul(data[a + 1], w0) +
        Math.imul(data[b + 1], w1) +
        Math.imul(data[c + 1], w2) +
        Math.imul(data[d + 1], w3);
      const blue =
        Math.imul(data[a + 2], w0) +
        Math.imul(data[b + 2], w1) +
        Math.imul(data[c + 2], w2) +
        Math.imul(data[d + 2], w3);
      planes[target + x] = (red + rounding) >> precision;
      planes[target + x + planeSize] = (green + rounding) >> precision;
      planes[target + x + 2 * planeSize] = (blue + rounding) >> precision;
    }
  }
  return planes;
}

/** `[3, sourceHeight, width]` to `[3, height, width]`. */
function resizeColumns(planes: Uint8ClampedArray, sourceHeight: number, width: number, taps: Taps): Uint8Array {
  const { starts, weights, precision } = taps;
  const height = starts.length;
  const rounding = 1 << (precision - 1);
  const output = new Uint8ClampedArray(3 * height * width);
  const step = (tap: number) => Math.min(tap, sourceHeight - 1) * width;
  const [second, third, fourth] = [step(1), step(2), step(3)];
  for (let channel = 0, target = 0; channel < 3; channel++) {
    for (let y = 0; y < height; y++) {
      const w0 = weights[y * tapCount];
      const w1 = weights[y * tapCount + 1];
      const w2 = weights[y * tapCount + 2];
      const w3 = weights[y * tapCount + 3];
      const first = (channel * sourceHeight + starts[y]) * width;
      for (let s = first; s < first + width; s++, target++) {
        const sum =
          Math.imul(planes[s], w0) +
          Math.imul(planes[s + second], w1) +
          Math.imul(planes[s + third], w2) +
          Math.imul(planes[s + fourth], w3);
        output[target] = (sum + rounding) >> precision;
      }
    }
  }
  return new Uint8Array(output.buffer);
}

function createTaps(inputSize: number, outputSize: number): Taps {
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
function toFixedPoint(exact: Float64Array): Pick<Taps, 'weights' | 'precision'> {
  const largest = exact.reduce((max, weight) => Math.max(max, weight), 0);
  let precision = 0;
  while (precision < 22 && Math.trunc(0.5 + largest * 2 ** (precision + 1)) < 1 << 15) precision++;
  const weights = Int16Array.from(exact, (weight) => Math.trunc(weight * 2 ** precision + (weight < 0 ? -0.5 : 0.5)));
  return { weights, precision };
}
