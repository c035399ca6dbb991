import { cropImage } from '../image/crop-image.js';
import type { RgbImage } from '../image/rgb-image.js';

/** Of the grey levels, stretched from 0 to 255, those below this are ink. */
const inkLevel = 200;
/** Bounds of ink no larger than this are specks. */
const leastSide = 2;

/**
 * Cuts the empty margin off the picture of a formula. A picture without contrast, or whose ink is at most two pixels
 * wide or high, comes back as it is. Source: `crop_margin` of PaddleX.
 */
export function cropMargin(image: RgbImage): RgbImage {
  const { width, height, data } = image;
  const grey = new Uint8Array(width * height);
  let darkest = 255;
  let lightest = 0;
  for (let pixel = 0; pixel < grey.length; pixel++) {
    const at = pixel * 3;
    // Rec. 601 luma in 14-bit fixed point, rounded.
    const value = (data[at] * 4899 + data[at + 1] * 9617 + data[at + 2] * 1868 + 8192) >> 14;
    grey[pixel] = value;
    if (value < darkest) darkest = value;
    if (value > lightest) lightest = value;
  }
  if (lightest === darkest) return image;
  const limit = darkest + (inkLevel * (lightest - darkest)) / 255;
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (grey[y * width + x] >= limit) continue;
      if (x < x0) x0 = x;
      if (x >= x1) x1 = x + 1;
      if (y < y0) y0 = y;
      y1 = y + 1;
    }
  }
  return x1 - x0 > leastSide && y1 - y0 > leastSide ? cropImage(image, [x0, y0, x1, y1]) : image;
}
