import type { RgbImage } from './rgb-image.js';
import { maxAspectRatio } from './smart-resize.js';

/** Puts a picture in the middle of a larger white one; sizes below its own leave that side as it is. */
export function padImage(image: RgbImage, width: number, height: number): RgbImage {
  const target = { width: Math.max(width, image.width), height: Math.max(height, image.height) };
  if (target.width === image.width && target.height === image.height) return image;
  const data = new Uint8Array(target.width * target.height * 3).fill(255);
  const left = (target.width - image.width) >> 1;
  const top = (target.height - image.height) >> 1;
  for (let y = 0; y < image.height; y++) {
    const row = image.data.subarray(y * image.width * 3, (y + 1) * image.width * 3);
    data.set(row, ((top + y) * target.width + left) * 3);
  }
  return { ...target, data };
}

/** Widens the short side with white until the reader's processor takes the aspect; other pictures stay as they are. */
export function padToAspect(image: RgbImage): RgbImage {
  return padImage(image, Math.ceil(image.height / maxAspectRatio), Math.ceil(image.width / maxAspectRatio));
}
