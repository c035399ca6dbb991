import sharp from 'sharp';
import type { JpegTask } from './prepare-protocol.js';

/** Cuts boxes out of a page and encodes each as JPEG; a box is cut to the page and keeps at least one pixel. */
export async function encodeJpegs({ image, boxes, maxSide, quality }: JpegTask): Promise<Uint8Array<ArrayBuffer>[]> {
  const { width, height } = image;
  const jpegs: Uint8Array<ArrayBuffer>[] = [];
  for (const box of boxes) {
    const [x0, y0, x1, y1] = box ?? [0, 0, width, height];
    const left = clamp(Math.floor(x0), 0, width - 1);
    const top = clamp(Math.floor(y0), 0, height - 1);
    const part = {
      left,
      top,
      width: clamp(Math.ceil(x1), left + 1, width) - left,
      height: clamp(Math.ceil(y1), top + 1, height) - top,
    };
    const jpeg = await sharp(image.data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
      .extract(part)
      .resize({ width: maxSide, height: maxSide, fit: 'inside', withoutEnlargement: true })
      .jpeg({ quality })
      .toBuffer();
    // A copy of its own size: buffers of the library may lie in memory that cannot be transferred.
    jpegs.push(new Uint8Array(jpeg));
  }
  return jpegs;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
