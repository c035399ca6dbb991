import type { RgbImage } from '../../models/image/rgb-image.js';

/** A white page on which tests print rings and bars, which stand for letters and rules. */
export function blankPage(width: number, height: number): RgbImage & { readonly data: Uint8Array } {
  return { width, height, data: new Uint8Array(width * height * 3).fill(255) };
}

/** Fills a rectangle with one grey. */
export function fillBox(page: RgbImage, x: number, y: number, width: number, height: number, grey = 0): void {
  for (let row = Math.max(0, y); row < Math.min(page.height, y + height); row++) {
    const from = (row * page.width + Math.max(0, x)) * 3;
    page.data.fill(grey, from, (row * page.width + Math.min(page.width, x + width)) * 3);
  }
}

/** Prints a line of rings the size of letters, words of five; answers its right end. `tilt` is the slope of the line. */
export function printLine(page: RgbImage, x: number, y: number, letterCount: number, tilt = 0): number {
  let at = x;
  for (let letter = 0; letter < letterCount; letter++) {
    const isTall = letter % 3 === 0;
    const sunk = Math.round(tilt * (at - page.width / 2));
    fillBox(page, at, y + sunk - (isTall ? 6 : 0), 7, isTall ? 18 : 12);
    fillBox(page, at + 2, y + sunk + 3, 3, 6, 255);
    at += letter % 5 === 4 ? 18 : 10;
  }
  return at - 3;
}
