import { cropImage } from '../image/crop-image.js';
import { resizeImage } from '../image/resize-image.js';
import type { RgbImage } from '../image/rgb-image.js';
import { toTilted } from '../layout/straighten-ink.js';
import { cropMargin } from './crop-margin.js';
import { drawToken } from './draw-token.js';
import type { CropSheet, PagePlan, PlannedCrop } from './page-plan.js';

/**
 * The picture of a planned crop: cut from the page (turned level where the page is tilted), neighbours' ink painted
 * over, scaled to the planned size. Formulas lose their margin; merged blocks are stacked on white. It may still be resized by the reader's own rule, which leaves sizes that the
 * plan chose for it as they are.
 */
export function cutCrop(page: RgbImage, plan: Pick<PagePlan, 'slope'>, crop: PlannedCrop): RgbImage {
  const { box, size, sheet, figures = [] } = crop;
  if (sheet) return stack(page, sheet);
  if (crop.task === 'formula') return cropMargin(cropImage(page, box));
  const inside = box[0] >= 0 && box[1] >= 0 && box[2] <= page.width && box[3] <= page.height;
  const isPlain = inside && plan.slope === 0 && !crop.erased?.length;
  const image = isPlain ? cropImage(page, box) : cutOnPaper(page, plan.slope, crop);
  for (const { box: place, token } of figures) {
    drawToken(image, [place[0] - box[0], place[1] - box[1], place[2] - box[0], place[3] - box[1]], token);
  }
  return size ? resizeImage(image, size.width, size.height) : image;
}

function stack(page: RgbImage, { width, height, pieces }: CropSheet): RgbImage {
  const data = new Uint8Array(width * height * 3).fill(255);
  for (const { box, x, y } of pieces) {
    const piece = cropImage(page, box);
    for (let row = 0; row < piece.height; row++) {
      const start = row * piece.width * 3;
      data.set(piece.data.subarray(start, start + piece.width * 3), ((y + row) * width + x) * 3);
    }
  }
  return { width, height, data };
}

function cutOnPaper(page: RgbImage, slope: number, { box, erased = [] }: PlannedCrop): RgbImage {
  const left = Math.floor(box[0]);
  const top = Math.floor(box[1]);
  const width = Math.max(1, Math.ceil(box[2]) - left);
  const height = Math.max(1, Math.ceil(box[3]) - top);
  const data = new Uint8Array(width * height * 3);
  const isPaper = new Uint8Array(width * height);
  for (const [x0, y0, x1, y1] of erased) {
    const from = Math.max(0, Math.floor(x0) - left);
    const to = Math.min(width, Math.ceil(x1) - left);
    for (let y = Math.max(0, Math.floor(y0) - top); y < Math.min(height, Math.ceil(y1) - top); y++) {
      if (from < to) isPaper.fill(1, y * width + from, y * width + to);
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      if (isPaper[pixel]) continue;
      const [u, v] = slope === 0 ? [x + left, y + top] : toTilted(x + left, y + top, slope, page.width, page.height);
      if (u < 0 || v < 0 || u > page.width - 1 || v > page.height - 1) isPaper[pixel] = 1;
      else sample(page, u, v, data, pixel * 3);
    }
  }
  whiten(data, isPaper);
  return { width, height, data };
}

/** Bilinear: the crop is mostly scaled down afterwards, so a sharper kernel would gain nothing. */
function sample(page: RgbImage, x: number, y: number, target: Uint8Array, at: number): void {
  const column = Math.min(Math.floor(x), page.width - 1);
  const row = Math.min(Math.floor(y), page.height - 1);
  const right = column + 1 < page.width ? 3 : 0;
  const below = row + 1 < page.height ? page.width * 3 : 0;
  const fx = x - column;
  const fy = y - row;
  const base = (row * page.width + column) * 3;
  for (let channel = 0; channel < 3; channel++) {
    const first = base + channel;
    const upper = page.data[first] * (1 - fx) + page.data[first + right] * fx;
    const lower = page.data[first + below] * (1 - fx) + page.data[first + below + right] * fx;
    target[at + channel] = upper * (1 - fy) + lower * fy + 0.5;
  }
}

/** Share of the darkest pixels that counts as print and as the dark side of the grain of the paper. */
const printShare = 0.35;
/** Darker papers than this may be pictures or white print: they keep their colours. */
const darkestPaper = 120;

/**
 * Makes the paper white, so that what is painted over and what lies outside the page leaves no edge in the grain:
 * every channel is stretched until all but its darkest third is white. Where there is no light paper, the painted
 * pixels take the middle colour instead.
 */
function whiten(data: Uint8Array, isPaper: Uint8Array): void {
  const papers = [0, 1, 2].map((channel) => levelAt(data, isPaper, channel, printShare));
  const isLight = Math.min(...papers) >= darkestPaper;
  const tables = papers.map((paper) =>
    Uint8Array.from({ length: 256 }, (_, value) =>
      isLight ? Math.min(255, Math.round((value * 255) / paper)) : value,
    ),
  );
  for (let pixel = 0; pixel < isPaper.length; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const at = pixel * 3 + channel;
      if (!isPaper[pixel]) data[at] = tables[channel][data[at]];
      else data[at] = isLight ? 255 : papers[channel];
    }
  }
}

/** The level that `share` of the pixels of the page stay below; white where there are none. */
function levelAt(data: Uint8Array, isPaper: Uint8Array, channel: number, share: number): number {
  const histogram = new Uint32Array(256);
  let total = 0;
  for (let pixel = 0; pixel < isPaper.length; pixel++) {
    if (isPaper[pixel]) continue;
    histogram[data[pixel * 3 + channel]]++;
    total++;
  }
  if (total === 0) return 255;
  let level = 0;
  for (let seen = histogram[0]; seen < total * share && level < 255; seen += histogram[level]) level++;
  return level;
}
