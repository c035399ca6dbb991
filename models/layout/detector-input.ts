import type { RgbImage } from '../image/rgb-image.js';
import { type BicubicTaps, createTaps, tapCount } from './bicubic-taps.js';
import type { PageSize } from './detection.js';

/** The page squeezed along its rows. */
interface Squeezed {
  /** `[3, height, width]` bytes; of a page without colour only the first plane counts. Rows not used are white. */
  readonly planes: Uint8ClampedArray;
  readonly hasColour: boolean;
}

/**
 * The page as the detector wants it: resized to `size` whatever its aspect, `[3, height, width]` bytes (R, G, B planes).
 *
 * Bicubic, half-pixel centres, no antialiasing (big pages alias; the detector was trained on that), edges repeated.
 * First along rows, rounded to bytes, then along columns, rounded again, with weights of 16-bit fixed point:
 * the arithmetic of torch.nn.functional.interpolate on bytes, to the bit.
 *
 * Most of a page is white paper, which stays white (the rounding errors of the weights are far below half a step), and
 * most print has no colour: three planes are one then.
 */
export function detectorInput(page: RgbImage, size: PageSize): Uint8Array {
  return detectorBand(page, size, 0, size.height);
}

/** Rows `from` to `to`, that outside, of `detectorInput`: `[3, to - from, width]`. */
export function detectorBand(page: RgbImage, size: PageSize, from: number, to: number): Uint8Array {
  const all = createTaps(page.height, size.height);
  const firstRow = all.starts[from];
  const lastRow = Math.min(page.height, all.starts[to - 1] + tapCount);
  const stride = page.width * 3;
  const data = page.data.subarray(firstRow * stride, lastRow * stride);
  return squeezeAll(
    { width: page.width, height: lastRow - firstRow, data },
    { width: size.width, height: to - from },
    {
      starts: all.starts.subarray(from, to).map((start) => start - firstRow),
      weights: all.weights.subarray(from * tapCount, to * tapCount),
      precision: all.precision,
    },
  );
}

/** Bands of `height` rows in all, from the top down, as the input they are parts of. */
export function joinBands(bands: readonly Uint8Array[], height: number): Uint8Array {
  const planeSize = bands.reduce((sum, { length }) => sum + length, 0) / 3;
  if (planeSize % height !== 0) throw new RangeError(`the bands have not ${height} rows`);
  const joined = new Uint8Array(3 * planeSize);
  let start = 0;
  for (const band of bands) {
    const size = band.length / 3;
    for (let channel = 0; channel < 3; channel++) {
      joined.set(band.subarray(channel * size, (channel + 1) * size), channel * planeSize + start);
    }
    start += size;
  }
  return joined;
}

function squeezeAll(page: RgbImage, size: PageSize, taps: BicubicTaps): Uint8Array {
  const usedRows = new Uint8Array(page.height);
  for (const start of taps.starts) usedRows.fill(1, start, start + tapCount);
  const { planes, hasColour } = squeezeRows(page, size.width, usedRows);
  const planeSize = size.width * size.height;
  const output = new Uint8ClampedArray(3 * planeSize);
  for (let channel = 0; channel < (hasColour ? 3 : 1); channel++) {
    const plane = planes.subarray(channel * page.height * size.width, (channel + 1) * page.height * size.width);
    resizeColumns(plane, size.width, taps, output.subarray(channel * planeSize, (channel + 1) * planeSize));
  }
  if (!hasColour) output.copyWithin(planeSize, 0, planeSize).copyWithin(2 * planeSize, 0, planeSize);
  return new Uint8Array(output.buffer);
}

function squeezeRows({ width, height, data }: RgbImage, targetWidth: number, usedRows: Uint8Array): Squeezed {
  const taps = createTaps(width, targetWidth);
  const planeSize = height * targetWidth;
  const planes = new Uint8ClampedArray(3 * planeSize).fill(255);
  const row = new Uint8Array(Math.ceil(width / blockWidth) * blockWidth * 3).fill(255);
  const words = new Int32Array(row.buffer);
  const isWhite = new Uint8Array(row.length / 3 / blockWidth + 1);
  const greyRows: number[] = [];
  for (let y = 0; y < height; y++) {
    if (usedRows[y] === 0) continue;
    row.set(data.subarray(y * width * 3, (y + 1) * width * 3));
    if (markWhite(words, isWhite)) {
      squeezeColours(row, width, isWhite, taps, planes, y * targetWidth, planeSize);
    } else {
      squeezeGrey(row, width, isWhite, taps, planes, y * targetWidth);
      greyRows.push(y * targetWidth);
    }
  }
  const hasColour = greyRows.length < usedRows.reduce((sum, used) => sum + used, 0);
  if (hasColour) {
    for (const at of greyRows) {
      planes.copyWithin(planeSize + at, at, at + targetWidth).copyWithin(2 * planeSize + at, at, at + targetWidth);
    }
  }
  return { planes, hasColour };
}

/** Pixels that are looked at together: twelve bytes, three words. No output takes its pixels from more than two. */
const blockWidth = 4;

/** Marks the blocks of a row that are white. Answers whether any pixel has a colour. */
function markWhite(words: Int32Array, isWhite: Uint8Array): boolean {
  let colour = 0;
  for (let block = 0, at = 0; at < words.length; block++, at += 3) {
    // RGBR GBRG BRGB: neighbours of one pixel differ where it has a colour.
    const first = words[at];
    const second = words[at + 1];
    const third = words[at + 2];
    if ((first & second & third) === -1) {
      isWhite[block] = 1;
      continue;
    }
    isWhite[block] = 0;
    colour |= ((first ^ (first >> 8)) & 0xffff) | (((first >>> 24) ^ second) & 0xff);
    colour |= (second ^ (second >> 8)) & 0xff00ff;
    colour |= ((second >>> 24) ^ third) & 0xff;
    colour |= (third ^ (third >> 8)) & 0xffff00;
  }
  return colour !== 0;
}

function squeezeColours(
  row: Uint8Array,
  width: number,
  isWhite: Uint8Array,
  { starts, weights, precision }: BicubicTaps,
  planes: Uint8ClampedArray,
  target: number,
  planeSize: number,
): void {
  const rounding = 1 << (precision - 1);
  const [second, third, fourth] = tapSteps(width, 3);
  for (let x = 0; x < starts.length; x++) {
    const start = starts[x];
    if (isWhite[start >> 2] & isWhite[(start + 3) >> 2]) continue;
    const w0 = weights[x * tapCount];
    const w1 = weights[x * tapCount + 1];
    const w2 = weights[x * tapCount + 2];
    const w3 = weights[x * tapCount + 3];
    const a = start * 3;
    const b = a + second;
    const c = a + third;
    const d = a + fourth;
    // Written out for the three channels: a loop over them takes twice as long.
    const red = Math.imul(row[a], w0) + Math.imul(row[b], w1) + Math.imul(row[c], w2) + Math.imul(row[d], w3);
    const green =
      Math.imul(row[a + 1], w0) + Math.imul(row[b + 1], w1) + Math.imul(row[c + 1], w2) + Math.imul(row[d + 1], w3);
    const blue =
      Math.imul(row[a + 2], w0) + Math.imul(row[b + 2], w1) + Math.imul(row[c + 2], w2) + Math.imul(row[d + 2], w3);
    planes[target + x] = (red + rounding) >> precision;
    planes[target + x + planeSize] = (green + rounding) >> precision;
    planes[target + x + 2 * planeSize] = (blue + rounding) >> precision;
  }
}

function squeezeGrey(
  row: Uint8Array,
  width: number,
  isWhite: Uint8Array,
  { starts, weights, precision }: BicubicTaps,
  planes: Uint8ClampedArray,
  target: number,
): void {
  const rounding = 1 << (precision - 1);
  const [second, third, fourth] = tapSteps(width, 3);
  for (let x = 0; x < starts.length; x++) {
    const start = starts[x];
    if (isWhite[start >> 2] & isWhite[(start + 3) >> 2]) continue;
    const a = start * 3;
    const sum =
      Math.imul(row[a], weights[x * tapCount]) +
      Math.imul(row[a + second], weights[x * tapCount + 1]) +
      Math.imul(row[a + third], weights[x * tapCount + 2]) +
      Math.imul(row[a + fourth], weights[x * tapCount + 3]);
    planes[target + x] = (sum + rounding) >> precision;
  }
}

/**
 * How far the second, third and fourth tap lie from the first, along an axis of `count` pixels `stride` apart. An axis
 * shorter than the kernel has taps beyond its end; their weight is 0, so any pixel may stand in.
 */
function tapSteps(count: number, stride: number): [second: number, third: number, fourth: number] {
  const last = count - 1;
  return [Math.min(1, last) * stride, Math.min(2, last) * stride, Math.min(3, last) * stride];
}

/** `[sourceHeight, width]` to `[height, width]`. */
function resizeColumns(plane: Uint8ClampedArray, width: number, taps: BicubicTaps, output: Uint8ClampedArray): void {
  const { starts, weights, precision } = taps;
  const rounding = 1 << (precision - 1);
  const [second, third, fourth] = tapSteps(plane.length / width, width);
  for (let y = 0, target = 0; y < starts.length; y++) {
    const w0 = weights[y * tapCount];
    const w1 = weights[y * tapCount + 1];
    const w2 = weights[y * tapCount + 2];
    const w3 = weights[y * tapCount + 3];
    const first = starts[y] * width;
    for (let s = first; s < first + width; s++, target++) {
      const sum =
        Math.imul(plane[s], w0) +
        Math.imul(plane[s + second], w1) +
        Math.imul(plane[s + third], w2) +
        Math.imul(plane[s + fourth], w3);
      output[target] = (sum + rounding) >> precision;
    }
  }
}
