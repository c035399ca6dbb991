import {
  type ResampleFilterName,
  type ResampleTaps,
  resampleFilters,
  resampleTaps,
  weightBits,
} from './resample-taps.js';
import type { RgbImage } from './rgb-image.js';

const half = 1 << (weightBits - 1);

/**
 * Resizes bit for bit as Pillow's `Image.resize` did up to version 12: a horizontal, then a vertical pass, each
 * rounded and clamped to a byte, each left out where the size stays. (Version 13 runs the vertical pass first for
 * some sizes, which changes bytes at hard edges.) Readers are trained on and measured with this kernel; others change the answers.
 */
export function resizeImage(
  image: RgbImage,
  width: number,
  height: number,
  filter: ResampleFilterName = 'bicubic',
): RgbImage {
  const kernel = resampleFilters[filter];
  let resized = image;
  if (width !== image.width) resized = resizeRows(resized, width, resampleTaps(image.width, width, kernel));
  if (height !== image.height) resized = resizeColumns(resized, height, resampleTaps(image.height, height, kernel));
  return resized;
}

function resizeRows(image: RgbImage, width: number, taps: ResampleTaps): RgbImage {
  const { starts, counts, weights, tapCount } = taps;
  const source = image.data;
  const target = new Uint8Array(width * image.height * 3);
  let out = 0;
  for (let y = 0; y < image.height; y++) {
    const row = y * image.width * 3;
    for (let x = 0; x < width; x++) {
      let red = half;
      let green = half;
      let blue = half;
      let at = row + starts[x] * 3;
      const first = x * tapCount;
      const last = first + counts[x];
      for (let tap = first; tap < last; tap++) {
        const weight = weights[tap];
        red = (red + Math.imul(source[at], weight)) | 0;
        green = (green + Math.imul(source[at + 1], weight)) | 0;
        blue = (blue + Math.imul(source[at + 2], weight)) | 0;
        at += 3;
      }
      target[out] = clampByte(red >> weightBits);
      target[out + 1] = clampByte(green >> weightBits);
      target[out + 2] = clampByte(blue >> weightBits);
      out += 3;
    }
  }
  return { width, height: image.height, data: target };
}

function resizeColumns(image: RgbImage, height: number, taps: ResampleTaps): RgbImage {
  const { starts, counts, weights, tapCount } = taps;
  const source = image.data;
  const stride = image.width * 3;
  const target = new Uint8Array(stride * height);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    sums.fill(half);
    const first = y * tapCount;
    const count = counts[y];
    let tap = 0;
    // Four source rows at a time: the sums are read and written a quarter as often.
    for (; tap + 4 <= count; tap += 4) {
      const w0 = weights[first + tap];
      const w1 = weights[first + tap + 1];
      const w2 = weights[first + tap + 2];
      const w3 = weights[first + tap + 3];
      let at = (starts[y] + tap) * stride;
      for (let i = 0; i < stride; i++, at++) {
        sums[i] =
          (sums[i] +
            Math.imul(source[at], w0) +
            Math.imul(source[at + stride], w1) +
            Math.imul(source[at + 2 * stride], w2) +
            Math.imul(source[at + 3 * stride], w3)) |
          0;
      }
    }
    for (; tap < count; tap++) {
      const weight = weights[first + tap];
      let at = (starts[y] + tap) * stride;
      for (let i = 0; i < stride; i++, at++) sums[i] = (sums[i] + Math.imul(source[at], weight)) | 0;
    }
    const out = y * stride;
    for (let i = 0; i < stride; i++) target[out + i] = clampByte(sums[i] >> weightBits);
  }
  return { width: image.width, height, data: target };
}

function clampByte(value: number): number {
  return Math.max(0, Math.min(value, 255));
}
