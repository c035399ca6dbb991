import sharp from 'sharp';
import { expect, it } from 'vitest';
import { drawPrint } from '../../../router/benchmark/draw-print.js';
import { glyphSize, glyphs } from '../../../router/benchmark/glyphs.js';
import { makePictures } from '../../../router/benchmark/make-pictures.js';

it('makes JPEG pictures of the size, all different', async () => {
  const pictures = await makePictures({ width: 644, height: 364 }, 9, new AbortController().signal);
  expect(new Set(pictures.map((picture) => Buffer.from(picture).toString('base64'))).size).toBe(9);
  for (const picture of pictures) {
    expect(await sharp(picture).metadata()).toMatchObject({ format: 'jpeg', width: 644, height: 364, channels: 3 });
  }
});

it('prints the same page for the same seed, with ink on it and paper around it', () => {
  const page = drawPrint(640, 360, 3);
  expect(page).toEqual(drawPrint(640, 360, 3));
  const inkShare = page.filter((value) => value < 128).length / page.length;
  expect(inkShare).toBeGreaterThan(0.08);
  expect(inkShare).toBeLessThan(0.4);
  const edges = [...page.subarray(0, 640), ...page.subarray(-640)];
  expect(edges.every((value) => value > 200)).toBe(true);
});

it.each([
  [16, 16],
  [17, 3000],
  [3000, 17],
])('prints within %i x %i', (width, height) => {
  const page = drawPrint(width, height, 1);
  expect(page).toHaveLength(width * height);
  expect(page.some((value) => value < 128)).toBe(true);
});

it('has letters and digits that differ', () => {
  expect(glyphs).toHaveLength(36);
  expect(new Set(glyphs.map((dots) => JSON.stringify(dots))).size).toBe(36);
  for (const [x, y] of glyphs.flat()) {
    expect(x).toBeLessThan(glyphSize.width);
    expect(y).toBeLessThan(glyphSize.height);
  }
});

it('stops making pictures when it is called off', async () => {
  expect(await makePictures({ width: 100, height: 100 }, 9, AbortSignal.abort())).toEqual([]);
});
