// Pictures that need no fonts, which a bare machine may lack: print made of bars, and a page put together from a
// printed line.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { createRandom, root } from '../http/kit.mjs';

/** A JPEG with dark bars where words would be: what a picture of this size costs to send and to decode. */
export function drawBars(width, height, seed) {
  const random = createRandom(seed);
  const pixels = Buffer.alloc(width * height, 255);
  for (let top = 8; top + 18 < height; top += 28) {
    for (let left = 8; left < width - 8; left += 6) {
      const letter = 4 + Math.floor(random() * 8);
      for (let y = top; y < top + 18; y++) {
        pixels.fill(60, y * width + left, y * width + Math.min(width - 8, left + letter));
      }
      left += letter + (random() < 0.18 ? 14 : 0);
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 1 } })
    .toColourspace('srgb')
    .jpeg({ quality: 90 })
    .toBuffer();
}

export const pageCropCount = 24;

const line = { left: 104, top: 192, width: 712, height: 31 };

/**
 * A page of twenty-four printed lines in two columns, far apart from one another, as JPEG of A4 at 300 dpi. All are the
 * same line, taken from the sample of the web page.
 */
export async function drawPage24() {
  const print = await sharp(readFileSync(join(root, 'router/web/sample.png')))
    .extract(line)
    .resize(1000)
    .toBuffer();
  const places = [180, 1300].flatMap((left) =>
    Array.from({ length: pageCropCount / 2 }, (_, row) => ({ input: print, left, top: 220 + row * 265 })),
  );
  return sharp({ create: { width: 2480, height: 3508, channels: 3, background: '#fff' } })
    .composite(places)
    .jpeg({ quality: 90 })
    .toBuffer();
}
