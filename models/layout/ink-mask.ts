import type { RgbImage } from '../image/rgb-image.js';

/** Which pixels of a page stand out from the paper around them, at a working resolution. */
export interface InkMask {
  readonly width: number;
  readonly height: number;
  /** Page pixels per mask pixel, a whole number. */
  readonly step: number;
  /** 1 where there is ink, row by row. */
  readonly bits: Uint8Array;
}

/** Longer side beyond which a page is averaged down first: letters stay legible and scanner grain averages out. */
const comfortableSide = 2000;
const tileSide = 8;
const tileRadius = 4;
/** Ink is at least this much darker than the mean of its surroundings (72 pixels each way). */
const darkness = 0.85;
/** Differences of fewer grey levels are grain. */
const leastContrast = 14;
/** Where more than this share of the surroundings is darker than `darkLevel`, the print is light on dark. */
const darkLevel = 110;
const darkShare = 0.55;
const lightContrast = 45;

/**
 * Marks the ink of a page, light print on dark ground included. The threshold follows the local mean, so that shadows and uneven paper do not matter;
 * large even areas (a dark photograph, a filled bar) come out hollow, which is harmless: they are not text.
 */
export function findInk(page: RgbImage): InkMask {
  const step = Math.max(1, Math.floor(Math.max(page.width, page.height) / comfortableSide + 0.5));
  const width = Math.max(1, Math.floor(page.width / step));
  const height = Math.max(1, Math.floor(page.height / step));
  const grey = toGrey(page, width, height, step);
  const { means, darkGround } = surroundingsOf(grey, width, height);
  const columns = Math.ceil(width / tileSide);
  const bits = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const tileRow = Math.floor(y / tileSide) * columns;
    const row = y * width;
    for (let x = 0; x < width; x++) {
      const mean = means[tileRow + (x >> 3)];
      const value = grey[row + x];
      const stands = darkGround[tileRow + (x >> 3)]
        ? value - mean > lightContrast
        : value < mean * darkness && mean - value > leastContrast;
      if (stands) bits[row + x] = 1;
    }
  }
  return { width, height, step, bits };
}

/** Luma (Rec. 601 weights) averaged over squares of `step` pixels. */
function toGrey(page: RgbImage, width: number, height: number, step: number): Uint8Array {
  const { data } = page;
  const grey = new Uint8Array(width * height);
  const area = step * step * 256;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let dy = 0; dy < step; dy++) {
        let at = ((y * step + dy) * page.width + x * step) * 3;
        for (let dx = 0; dx < step; dx++, at += 3) sum += data[at] * 77 + data[at + 1] * 150 + data[at + 2] * 29;
      }
      grey[y * width + x] = sum / area;
    }
  }
  return grey;
}

/** Mean grey of each 8-pixel tile and the four tiles round it in every direction, and where that ground is dark. */
function surroundingsOf(grey: Uint8Array, width: number, height: number) {
  const columns = Math.ceil(width / tileSide);
  const rows = Math.ceil(height / tileSide);
  // Summed-area tables with a row and a column of zeros before the first.
  const sums = new Float64Array((columns + 1) * (rows + 1));
  const darkCounts = new Float64Array((columns + 1) * (rows + 1));
  for (let y = 0; y < height; y++) {
    const row = (Math.floor(y / tileSide) + 1) * (columns + 1) + 1;
    for (let x = 0; x < width; x++) {
      const value = grey[y * width + x];
      sums[row + (x >> 3)] += value;
      if (value < darkLevel) darkCounts[row + (x >> 3)]++;
    }
  }
  for (const table of [sums, darkCounts]) {
    for (let y = 1; y <= rows; y++) {
      for (let x = 1; x <= columns; x++) {
        const at = y * (columns + 1) + x;
        const above = at - columns - 1;
        table[at] += table[at - 1] + table[above] - table[above - 1];
      }
    }
  }
  const means = new Float32Array(columns * rows);
  const darkGround = new Uint8Array(columns * rows);
  for (let y = 0; y < rows; y++) {
    const firstRow = Math.max(0, y - tileRadius);
    const endRow = Math.min(rows, y + tileRadius + 1);
    const windowHeight = Math.min(height, endRow * tileSide) - firstRow * tileSide;
    for (let x = 0; x < columns; x++) {
      const left = Math.max(0, x - tileRadius);
      const right = Math.min(columns, x + tileRadius + 1);
      const area = windowHeight * (Math.min(width, right * tileSide) - left * tileSide);
      const top = firstRow * (columns + 1);
      const bottom = endRow * (columns + 1);
      const within = (table: Float64Array) =>
        table[bottom + right] - table[bottom + left] - table[top + right] + table[top + left];
      means[y * columns + x] = within(sums) / area;
      if (within(darkCounts) > area * darkShare) darkGround[y * columns + x] = 1;
    }
  }
  return { means, darkGround };
}
