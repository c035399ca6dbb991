import type { RgbImage } from './rgb-image.js';

/** A picture without colour: one byte a pixel, which stands for red, green and blue alike. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  /** `width * height` bytes. */
  readonly data: Uint8Array;
}

/** Pixels between two looks at whether there was colour; a multiple of four. */
const blockSize = 4096;

/**
 * The picture as one plane, or null where a single pixel has a colour. Nearly all print is black on white, and what is
 * done to three equal planes needs to be done to one only.
 */
export function toGrey({ width, height, data }: RgbImage): GreyImage | null {
  const pixelCount = width * height;
  const plane = new Uint8Array(pixelCount);
  const isAligned = data.byteOffset % 4 === 0;
  const wordPixels = isAligned ? pixelCount - (pixelCount % 4) : 0;
  const words = new Int32Array(data.buffer, isAligned ? data.byteOffset : 0, (wordPixels / 4) * 3);
  const planeWords = new Int32Array(plane.buffer, 0, wordPixels / 4);
  for (let start = 0; start < wordPixels; start += blockSize) {
    const end = Math.min(start + blockSize, wordPixels) / 4;
    let colour = 0;
    for (let four = start / 4, at = four * 3; four < end; four++, at += 3) {
      // Twelve bytes: RGBR GBRG BRGB. Neighbours of one pixel must not differ.
      const first = words[at];
      const second = words[at + 1];
      const third = words[at + 2];
      colour |= ((first ^ (first >> 8)) & 0xffff) | (((first >>> 24) ^ second) & 0xff);
      colour |= (second ^ (second >> 8)) & 0xff00ff;
      colour |= ((second >>> 24) ^ third) & 0xff;
      colour |= (third ^ (third >> 8)) & 0xffff00;
      planeWords[four] =
        (first & 0xff) | ((first >>> 16) & 0xff00) | (second & 0xff0000) | ((third << 16) & 0xff000000);
    }
    if (colour !== 0) return null;
  }
  for (let pixel = wordPixels, at = pixel * 3; pixel < pixelCount; pixel++, at += 3) {
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return null;
    plane[pixel] = data[at];
  }
  return { width, height, data: plane };
}
