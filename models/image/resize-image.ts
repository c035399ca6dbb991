import type { GreyImage } from './grey-image.js';
import {
  type ResampleFilterName,
  type ResampleTaps,
  resampleFilters,
  resampleTaps,
  weightBits,
} from './resample-taps.js';
import type { RgbImage } from './rgb-image.js';

const half = 1 << (weightBits - 1);

/** A picture of one or three bytes a pixel. */
interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channelCount: 1 | 3;
  readonly data: Uint8Array;
}

/**
 * Resizes bit for bit as Pillow's `Image.resize` did up to version 12: a horizontal, then a vertical pass, each
 * rounded and clamped to a byte, each left out where the size stays. (Version 13 runs the vertical pass first for
 * some sizes, which changes bytes at hard edges.) Readers are trained on and measured with this kernel; others change
 * the answers.
 *
 * Most of a page is paper, and weights that sum to one leave a single colour as it is (their rounding errors are far
 * below half a step), so where that pays a pass copies when all taps see the same pixel.
 */
export function resizeImage(
  image: RgbImage,
  width: number,
  height: number,
  filter: ResampleFilterName = 'bicubic',
): RgbImage {
  return { width, height, data: resize({ ...image, channelCount: 3 }, width, height, filter) };
}

/** The same for a single plane. */
export function resizeGrey(
  image: GreyImage,
  width: number,
  height: number,
  filter: ResampleFilterName = 'bicubic',
): GreyImage {
  return { width, height, data: resize({ ...image, channelCount: 1 }, width, height, filter) };
}

function resize(source: Raster, width: number, height: number, filter: ResampleFilterName): Uint8Array {
  const kernel = resampleFilters[filter];
  let raster = source;
  if (width !== raster.width) {
    const taps = resampleTaps(raster.width, width, kernel);
    const data =
      raster.channelCount === 3 ? resizeColourRows(raster, width, taps) : resizeGreyRows(raster, width, taps);
    raster = { ...raster, width, data };
  }
  if (height === raster.height) return raster.data;
  return resizeColumns(raster, height, resampleTaps(raster.height, height, kernel));
}

function resizeColourRows(
  image: Raster,
  width: number,
  { starts, counts, weights, tapCount }: ResampleTaps,
): Uint8Array {
  const target = new Uint8Array(width * image.height * 3);
  const pixels = new Int32Array(image.width);
  /** For each pixel of the row, the first one after it of another colour. */
  const runEnds = new Int32Array(image.width);
  let out = 0;
  for (let y = 0; y < image.height; y++) {
    packRow(image, y, pixels);
    markRuns(pixels, runEnds);
    for (let x = 0; x < width; x++, out += 3) {
      const start = starts[x];
      const end = start + counts[x];
      let result = pixels[start];
      if (runEnds[start] < end) {
        let red = half;
        let green = half;
        let blue = half;
        for (let source = start, tap = x * tapCount; source < end; source++, tap++) {
          const pixel = pixels[source];
          const weight = weights[tap];
          red = (red + Math.imul(pixel & 255, weight)) | 0;
          green = (green + Math.imul((pixel >> 8) & 255, weight)) | 0;
          blue = (blue + Math.imul(pixel >> 16, weight)) | 0;
        }
        result = toByte(red) | (toByte(green) << 8) | (toByte(blue) << 16);
      }
      target[out] = result;
      target[out + 1] = result >> 8;
      target[out + 2] = result >> 16;
    }
  }
  return target;
}

/** Four rows at once: their sums do not wait for each other, and each weight is loaded once. */
function resizeGreyRows(image: Raster, width: number, { starts, counts, weights, tapCount }: ResampleTaps): Uint8Array {
  const rowGroups = Math.ceil(image.height / 4);
  // Rows of the last group that are not there are written and then left out.
  const target = new Uint8ClampedArray(width * rowGroups * 4);
  const pixels = new Int32Array(image.width);
  const runEnds = new Int32Array(image.width);
  for (let group = 0; group < rowGroups; group++) {
    packFourRows(image, group * 4, pixels);
    markRuns(pixels, runEnds);
    let out = group * 4 * width;
    for (let x = 0; x < width; x++, out++) {
      const start = starts[x];
      const count = counts[x];
      const first = x * tapCount;
      const bytes = pixels[start];
      if (runEnds[start] >= start + count) {
        target[out] = bytes & 255;
        target[out + width] = (bytes >> 8) & 255;
        target[out + 2 * width] = (bytes >> 16) & 255;
        target[out + 3 * width] = bytes >>> 24;
      } else {
        weigh(pixels, start, 1, count, weights, first, target, out, width);
      }
    }
  }
  return new Uint8Array(target.buffer, 0, width * image.height);
}

/** A byte of each of four rows in one number; the last row stands for those after it. */
function packFourRows({ data, width, height }: Raster, y: number, pixels: Int32Array): void {
  const row = (place: number): number => Math.min(place, height - 1) * width;
  const first = row(y);
  const second = row(y + 1);
  const third = row(y + 2);
  const fourth = row(y + 3);
  for (let x = 0; x < width; x++) {
    pixels[x] = data[first + x] | (data[second + x] << 8) | (data[third + x] << 16) | (data[fourth + x] << 24);
  }
}

/** One number a pixel is loaded and compared faster than three bytes. */
function packRow({ data, width }: Raster, y: number, pixels: Int32Array): void {
  for (let x = 0, at = y * width * 3; x < width; x++, at += 3) {
    pixels[x] = data[at] | (data[at + 1] << 8) | (data[at + 2] << 16);
  }
}

function markRuns(pixels: Int32Array, runEnds: Int32Array): void {
  let end = pixels.length;
  for (let x = pixels.length - 1; x >= 0; x--) {
    if (x + 1 < end && pixels[x] !== pixels[x + 1]) end = x + 1;
    runEnds[x] = end;
  }
}

function resizeColumns(image: Raster, height: number, taps: ResampleTaps): Uint8Array {
  const { starts, counts, weights, tapCount } = taps;
  const stride = image.width * image.channelCount;
  const words = toWords(image.data, stride, image.height);
  const rowWords = Math.ceil(stride / 4);
  const target = new Int32Array(rowWords * height);
  const bytes = new Uint8ClampedArray(target.buffer);
  for (let y = 0; y < height; y++) {
    const count = counts[y];
    const first = y * tapCount;
    let top = starts[y] * rowWords;
    if (count === 4) {
      blendFourRows(words, top, rowWords, weights, first, bytes, y * rowWords * 4);
      continue;
    }
    for (let out = y * rowWords; out < (y + 1) * rowWords; out++, top++) {
      const end = top + (count - 1) * rowWords;
      const word = words[top];
      let at = top;
      while (at < end && words[at + rowWords] === word) at += rowWords;
      if (at === end) target[out] = word;
      else weigh(words, top, rowWords, count, weights, first, bytes, out * 4, 1);
    }
  }
  return fromWords(target, stride, height);
}

/**
 * The weighted sums of each byte of `count` words, `step` apart, as four bytes, `outStep` apart. The array clamps them,
 * faster than code can.
 */
function weigh(
  words: Int32Array,
  start: number,
  step: number,
  count: number,
  weights: Int32Array,
  firstTap: number,
  target: Uint8ClampedArray,
  out: number,
  outStep: number,
): void {
  let sum0 = half;
  let sum1 = half;
  let sum2 = half;
  let sum3 = half;
  for (let tap = 0, at = start; tap < count; tap++, at += step) {
    const word = words[at];
    const weight = weights[firstTap + tap];
    sum0 = (sum0 + Math.imul(word & 255, weight)) | 0;
    sum1 = (sum1 + Math.imul((word >> 8) & 255, weight)) | 0;
    sum2 = (sum2 + Math.imul((word >> 16) & 255, weight)) | 0;
    sum3 = (sum3 + Math.imul(word >>> 24, weight)) | 0;
  }
  target[out] = sum0 >> weightBits;
  target[out + outStep] = sum1 >> weightBits;
  target[out + 2 * outStep] = sum2 >> weightBits;
  target[out + 3 * outStep] = sum3 >> weightBits;
}

/** One row out of four, which is what enlarging takes away from the edges: without inner loops, in half the time. */
function blendFourRows(
  words: Int32Array,
  top: number,
  rowWords: number,
  weights: Int32Array,
  firstTap: number,
  target: Uint8ClampedArray,
  out: number,
): void {
  const w = weights[firstTap];
  const x = weights[firstTap + 1];
  const y = weights[firstTap + 2];
  const z = weights[firstTap + 3];
  for (let i = 0, at = out; i < rowWords; i++, at += 4) {
    const a = words[top + i];
    const b = words[top + i + rowWords];
    const c = words[top + i + 2 * rowWords];
    const d = words[top + i + 3 * rowWords];
    target[at] =
      (half + Math.imul(a & 255, w) + Math.imul(b & 255, x) + Math.imul(c & 255, y) + Math.imul(d & 255, z)) >>
      weightBits;
    target[at + 1] =
      (half +
        Math.imul((a >> 8) & 255, w) +
        Math.imul((b >> 8) & 255, x) +
        Math.imul((c >> 8) & 255, y) +
        Math.imul((d >> 8) & 255, z)) >>
      weightBits;
    target[at + 2] =
      (half +
        Math.imul((a >> 16) & 255, w) +
        Math.imul((b >> 16) & 255, x) +
        Math.imul((c >> 16) & 255, y) +
        Math.imul((d >> 16) & 255, z)) >>
      weightBits;
    target[at + 3] =
      (half + Math.imul(a >>> 24, w) + Math.imul(b >>> 24, x) + Math.imul(c >>> 24, y) + Math.imul(d >>> 24, z)) >>
      weightBits;
  }
}

/** Rows as whole 32-bit words, padded; a view where they are already, as with all widths the reader asks for. */
function toWords(bytes: Uint8Array, stride: number, height: number): Int32Array {
  if (stride % 4 === 0 && bytes.byteOffset % 4 === 0) {
    return new Int32Array(bytes.buffer, bytes.byteOffset, (stride * height) / 4);
  }
  const rowBytes = Math.ceil(stride / 4) * 4;
  const padded = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) padded.set(bytes.subarray(y * stride, (y + 1) * stride), y * rowBytes);
  return new Int32Array(padded.buffer);
}

function fromWords(words: Int32Array, stride: number, height: number): Uint8Array {
  const bytes = new Uint8Array(words.buffer);
  if (stride % 4 === 0) return bytes;
  const rowBytes = Math.ceil(stride / 4) * 4;
  const packed = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) packed.set(bytes.subarray(y * rowBytes, y * rowBytes + stride), y * stride);
  return packed;
}

function toByte(sum: number): number {
  const value = sum >> weightBits;
  return value < 0 ? 0 : Math.min(value, 255);
}
