import { cropImage } from '../image/crop-image.js';
import { resizeImage } from '../image/resize-image.js';
import type { RgbImage } from '../image/rgb-image.js';
import { toTilted } from '../layout/straighten-ink.js';
import type { PagePlan, PlannedCrop } from './page-plan.js';

/**
 * The picture of a planned crop: cut from the page (turned level where the page is tilted), neighbours' ink painted
 * over, scaled to the planned size. It may still be resized by the reader's own rule, which leaves sizes that the
 * plan chose for it as they are.
 */
export function cutCrop(page: RgbImage, plan: Pick<PagePlan, 'slope'>, crop: PlannedCrop): RgbImage {
  const { box, size } = crop;
  const inside = box[0] >= 0 && box[1] >= 0 && box[2] <= page.width && box[3] <= page.height;
  const isPlain = inside && plan.slope === 0 && !crop.erased?.length;
  const image = isPlain ? cropImage(page, box) : cutOnPaper(page, plan.slope, crop);
  return size ? resizeImage(image, size.width, size.height) : image;
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
  const paper = paperColour(data, isPaper);
  for (let pixel = 0; pixel < isPaper.length; pixel++) if (isPaper[pixel]) data.set(paper, pixel * 3);
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

/** Mean colour of the brighter half of what is not painted over; white where nothing is left. */
function paperColour(data: Uint8Array, isPaper: Uint8Array): Uint8Array {
  const histogram = new Uint32Array(256);
  let total = 0;
  for (let pixel = 0; pixel < isPaper.length; pixel++) {
    if (isPaper[pixel]) continue;
    histogram[data[pixel * 3 + 1]]++;
    total++;
  }
  if (total === 0) return Uint8Array.of(255, 255, 255);
  let median = 255;
  for (let seen = histogram[255]; seen * 2 < total; seen += histogram[median]) median--;
  const sums = [0, 0, 0];
  let count = 0;
  for (let pixel = 0; pixel < isPaper.length; pixel++) {
    if (isPaper[pixel] || data[pixel * 3 + 1] < median) continue;
    for (let channel = 0; channel < 3; channel++) sums[channel] += data[pixel * 3 + channel];
    count++;
  }
  return Uint8Array.from(sums, (sum) => Math.round(sum / count));
}
