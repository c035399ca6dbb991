import type { RgbImage } from '../image/rgb-image.js';
import type { Box } from '../layout/region.js';

/** Five by seven cells a character, rows from the top, the leftmost cell in the highest bit. */
const glyphs: Readonly<Record<string, readonly number[]>> = {
  '[': [14, 8, 8, 8, 8, 8, 14],
  ']': [14, 2, 2, 2, 2, 2, 14],
  F: [31, 16, 16, 30, 16, 16, 16],
  2: [14, 17, 1, 2, 4, 8, 31],
  3: [31, 2, 4, 2, 1, 17, 14],
  4: [2, 6, 10, 18, 31, 2, 2],
  5: [31, 16, 30, 1, 1, 17, 14],
  6: [6, 8, 16, 30, 17, 17, 14],
  7: [31, 1, 2, 4, 8, 8, 8],
  8: [14, 17, 17, 14, 17, 17, 14],
};
const glyphHeight = 7;
/** Cells from one character to the next. */
const advance = 6;
/** Width of a token as a share of the shorter side of its box, and the shorter side from which one fits. */
const tokenShare = 0.9;
const leastSide = 25;

/**
 * Paints a box of a picture white, in place, with `token` in black in its middle where the box is large enough. What
 * of the box lies outside the picture is left out.
 */
export function drawToken({ width, height, data }: RgbImage, box: Box, token: string): void {
  fill(box, 255);
  const short = Math.min(box[2] - box[0], box[3] - box[1]);
  if (short < leastSide) return;
  const cells = token.length * advance - 1;
  const scale = Math.max(1, Math.floor((short * tokenShare) / cells));
  const left = Math.round((box[0] + box[2] - cells * scale) / 2);
  const top = Math.round((box[1] + box[3] - glyphHeight * scale) / 2);
  [...token].forEach((character, index) => {
    glyphs[character]?.forEach((bits, row) => {
      for (let column = 0; column < 5; column++) {
        if (!(bits & (16 >> column))) continue;
        const x = left + (index * advance + column) * scale;
        const y = top + row * scale;
        fill([x, y, x + scale, y + scale], 0);
      }
    });
  });

  function fill([x0, y0, x1, y1]: Box, value: number): void {
    const from = Math.max(0, x0);
    const to = Math.min(width, x1);
    if (from >= to) return;
    for (let y = Math.max(0, y0); y < Math.min(height, y1); y++)
      data.fill(value, (y * width + from) * 3, (y * width + to) * 3);
  }
}
