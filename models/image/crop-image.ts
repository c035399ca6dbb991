import type { Box } from '../layout/region.js';
import type { RgbImage } from './rgb-image.js';

/**
 * Copies the part of a picture inside a box. The box is widened to whole pixels and cut to the picture; at least one
 * pixel is kept, so that a box that lies outside or is empty never yields a picture without pixels.
 */
export function cropImage(image: RgbImage, box: Box): RgbImage {
  const x0 = clamp(Math.floor(box[0]), 0, image.width - 1);
  const y0 = clamp(Math.floor(box[1]), 0, image.height - 1);
  const width = clamp(Math.ceil(box[2]), x0 + 1, image.width) - x0;
  const height = clamp(Math.ceil(box[3]), y0 + 1, image.height) - y0;
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const start = ((y0 + y) * image.width + x0) * 3;
    data.set(image.data.subarray(start, start + width * 3), y * width * 3);
  }
  return { width, height, data };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
