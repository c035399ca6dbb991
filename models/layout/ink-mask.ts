import type { RgbImage } from '../image/rgb-image.js';
import { type GreyPage, toGreyPage } from './grey-page.js';

/** Which pixels of a page stand out from the paper around them, at a working resolution. */
export interface InkMask {
  readonly width: number;
  readonly height: number;
  /** Page pixels per mask pixel, a whole number. */
  readonly step: number;
  /** 1 where there is ink, row by row, in a buffer of its own. */
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
 * Marks the ink of a page, light print on dark ground included. The threshold follows the local mean, so that shadows
 * and uneven paper do not matter; large even areas (a dark photograph, a filled bar) come out hollow, which is harmless: they are not text.
 */
export function findInk(page: RgbImage): InkMask {
  const step = Math.max(1, Math.floor(Math.max(page.width, page.height) / comfortableSide + 0.5));
  const grey = toGreyPage(page, step);
  const { width, height, stride, data } = grey;
  const tiles = measureTiles(grey);
  const { means, darkGround } = surroundingsOf(tiles, width, height);
  const bits = new Uint8Array(width * height);
  for (let tile = 0; tile < means.length; tile++) {
    const mean = means[tile];
    const isDark = darkGround[tile] !== 0;
    // Most tiles are paper, on which nothing can stand out.
    if (!isDark && !isDarkInk(tiles.floors[tile], mean)) continue;
    const left = (tile % tiles.columns) * tileSide;
    const tileWidth = Math.min(width - left, tileSide);
    const top = Math.floor(tile / tiles.columns) * tileSide;
    const bottom = Math.min(height, top + tileSide);
    for (let y = top; y < bottom; y++) {
      const from = y * stride + left;
      const to = y * width + left;
      for (let x = 0; x < tileWidth; x++) {
        const value = data[from + x];
        if (isDark ? isLightInk(value, mean) : isDarkInk(value, mean)) bits[to + x] = 1;
      }
    }
  }
  return { width, height, step, bits };
}

const isDarkInk = (value: number, mean: number): boolean => value < mean * darkness && mean - value > leastContrast;
const isLightInk = (value: number, mean: number): boolean => value - mean > lightContrast;

/** A page in squares of 8 pixels, row by row; those at the right and at the bottom may be smaller. */
interface Tiles {
  readonly columns: number;
  readonly rows: number;
  readonly sums: Uint16Array;
  readonly darkCounts: Uint8Array;
  /** No pixel of the tile is darker than this; most have none as dark. */
  readonly floors: Uint8Array;
}

function measureTiles({ width, height, stride, data }: GreyPage): Tiles {
  const columns = stride / tileSide;
  const rows = Math.ceil(height / tileSide);
  const words = new Int32Array(data.buffer);
  // Two sums of up to 32 bytes each, in the halves of a word; and the bits that all pixels have in common.
  const halfSums = new Int32Array(columns * rows);
  const commons = new Int32Array(columns * rows).fill(-1);
  const low = 0xff00ff;
  for (let y = 0, at = 0; y < height; y++) {
    const first = Math.floor(y / tileSide) * columns;
    for (let tile = first; tile < first + columns; tile++, at += 2) {
      const a = words[at];
      const b = words[at + 1];
      halfSums[tile] += (a & low) + ((a >>> 8) & low) + (b & low) + ((b >>> 8) & low);
      commons[tile] &= a & b;
    }
  }
  const sums = new Uint16Array(columns * rows);
  const floors = new Uint8Array(columns * rows);
  const darkCounts = new Uint8Array(columns * rows);
  for (let tile = 0; tile < floors.length; tile++) {
    const common = commons[tile];
    sums[tile] = (halfSums[tile] & 0xffff) + (halfSums[tile] >> 16);
    floors[tile] = common & (common >> 8) & (common >> 16) & (common >> 24);
    if (floors[tile] >= darkLevel) continue;
    const left = (tile % columns) * tileSide;
    const tileWidth = Math.min(width - left, tileSide);
    const top = Math.floor(tile / columns) * tileSide;
    for (let y = top; y < Math.min(height, top + tileSide); y++) {
      for (let at = y * stride + left, end = at + tileWidth; at < end; at++) {
        if (data[at] < darkLevel) darkCounts[tile]++;
      }
    }
  }
  return { columns, rows, sums, darkCounts, floors };
}

/** Mean grey of each tile and the four tiles round it in every direction, and where that ground is dark. */
function surroundingsOf({ columns, rows, ...tiles }: Tiles, width: number, height: number) {
  const sums = toSummedArea(tiles.sums, columns, rows);
  const darkCounts = toSummedArea(tiles.darkCounts, columns, rows);
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

/** Sums of all values above and to the left, with a row and a column of zeros before the first. */
function toSummedArea(values: Uint16Array | Uint8Array, columns: number, rows: number): Float64Array {
  const table = new Float64Array((columns + 1) * (rows + 1));
  for (let y = 1; y <= rows; y++) {
    for (let x = 1; x <= columns; x++) {
      const at = y * (columns + 1) + x;
      const above = at - columns - 1;
      table[at] = values[(y - 1) * columns + x - 1] + table[at - 1] + table[above] - table[above - 1];
    }
  }
  return table;
}
