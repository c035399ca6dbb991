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
 * below half a step), so both passes copy where all taps see the same pixel.
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
  const target = new Uint8Array(width * rowGroups * 4);
  const pixels = new Int32Array(image.width);
  const runEnds = new Int32Array(image.width);
  for (let group = 0; group < rowGroups; group++) {
    packFourRows(image, group * 4, pixels);
    markRuns(pixels, runEnds);
    let out = group * 4 * width;
    for (let x = 0; x < width; x++, out++) {
      const start = starts[x];
      const end = start + counts[x];
      let result = pixels[start];
      if (runEnds[start] < end) {
        let sum0 = half;
        let sum1 = half;
        let sum2 = half;
        let sum3 = half;
        for (let source = start, tap = x * tapCount; source < end; source++, tap++) {
          const bytes = pixels[source];
          const weight = weights[tap];
          sum0 = (sum0 + Math.imul(bytes & 255, weight)) | 0;
          sum1 = (sum1 + Math.imul((bytes >> 8) & 255, weight)) | 0;
          sum2 = (sum2 + Math.imul((bytes >> 16) & 255, weight)) | 0;
          sum3 = (sum3 + Math.imul(bytes >>> 24, weight)) | 0;
        }
        result = toByte(sum0) | (toByte(sum1) << 8) | (toByte(sum2) << 16) | (toByte(sum3) << 24);
      }
      target[out] = result;
      target[out + width] = result >> 8;
      target[out + 2 * width] = result >> 16;
      target[out + 3 * width] = result >> 24;
    }
  }
  return target.subarray(0, width * image.height);
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
  for (let y = 0; y < height; y++) {
    const start = starts[y];
    const count = counts[y];
    const first = y * tapCount;
    for (let i = 0; i < rowWords; i++) {
      const top = start * rowWords + i;
      const end = top + (count - 1) * rowWords;
      const word = words[top];
      let at = top;
      while (at < end && words[at + rowWords] === word) at += rowWords;
      if (at === end) {
        target[y * rowWords + i] = word;
        continue;
      }
      let sum0 = half;
      let sum1 = half;
      let sum2 = half;
      let sum3 = half;
      for (let source = top, tap = first; source <= end; source += rowWords, tap++) {
        const bytes = words[source];
        const weight = weights[tap];
        sum0 = (sum0 + Math.imul(bytes & 255, weight)) | 0;
        sum1 = (sum1 + Math.imul((bytes >> 8) & 255, weight)) | 0;
        sum2 = (sum2 + Math.imul((bytes >> 16) & 255, weight)) | 0;
        sum3 = (sum3 + Math.imul(bytes >>> 24, weight)) | 0;
      }
      target[y * rowWords + i] = toByte(sum0) | (toByte(sum1) << 8) | (toByte(sum2) << 16) | (toByte(sum3) << 24);
    }
  }
  return fromWords(target, stride, height);
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
