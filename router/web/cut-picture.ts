import { element } from './element.js';
import type { WireBox } from './wire.js';

const maxSide = 1200;

/**
 * A block's part of the page's picture. The picture may have another resolution than the page that was read, so the
 * box is scaled from the one to the other.
 */
export function cutPicture(
  bitmap: ImageBitmap,
  page: { readonly width: number; readonly height: number },
  box: WireBox,
  label: string,
): HTMLCanvasElement {
  const scaleX = bitmap.width / page.width;
  const scaleY = bitmap.height / page.height;
  const width = Math.max(1, (box[2] - box[0]) * scaleX);
  const height = Math.max(1, (box[3] - box[1]) * scaleY);
  const shrink = Math.min(1, maxSide / Math.max(width, height));
  const canvas = element('canvas', {
    width: Math.max(1, Math.round(width * shrink)),
    height: Math.max(1, Math.round(height * shrink)),
    role: 'img',
    'aria-label': label,
  });
  canvas
    .getContext('2d')
    ?.drawImage(bitmap, box[0] * scaleX, box[1] * scaleY, width, height, 0, 0, canvas.width, canvas.height);
  return canvas;
}
