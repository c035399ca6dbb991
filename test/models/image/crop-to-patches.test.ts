import { describe, expect, test } from 'vitest';
import { cropImage } from '../../../models/image/crop-image.js';
import { cropToPatches } from '../../../models/image/crop-to-patches.js';
import { cutPatches } from '../../../models/image/cut-patches.js';
import { padImage, padToAspect } from '../../../models/image/pad-image.js';
import type { RgbImage } from '../../../models/image/rgb-image.js';

const config = {
  minPixels: 12_544,
  maxPixels: 401_408,
  patchSize: 14,
  mergeSize: 2,
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
  rescaleFactor: 1 / 255,
} as const;

/** Each byte tells where it came from. */
function marked(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = (i * 7) % 251;
  return { width, height, data };
}

const pixel = (image: RgbImage, x: number, y: number) => [
  ...image.data.subarray((y * image.width + x) * 3, (y * image.width + x) * 3 + 3),
];

describe('cutPatches', () => {
  test('lays patches out in raster order, inside a patch channel then row then column', () => {
    const image = marked(28 * 3, 28);
    const { gridHeight, gridWidth, patches } = cutPatches(image, 14);
    expect([gridHeight, gridWidth, patches.length]).toEqual([2, 6, 12 * 588]);
    for (const [x, y] of [
      [0, 0],
      [83, 27],
      [15, 3],
      [50, 20],
    ]) {
      const patch = Math.floor(y / 14) * gridWidth + Math.floor(x / 14);
      const inside = (y % 14) * 14 + (x % 14);
      const values = [0, 1, 2].map((channel) => patches[patch * 588 + channel * 196 + inside]);
      expect(values).toEqual(pixel(image, x, y));
    }
  });
});

describe('cropImage', () => {
  test('copies the pixels inside the box', () => {
    const image = marked(40, 30);
    const crop = cropImage(image, [3, 5, 20, 29]);
    expect([crop.width, crop.height]).toEqual([17, 24]);
    expect(pixel(crop, 0, 0)).toEqual(pixel(image, 3, 5));
    expect(pixel(crop, 16, 23)).toEqual(pixel(image, 19, 28));
  });

  test('cuts a box at the border and keeps at least one pixel', () => {
    const image = marked(40, 30);
    expect(cropImage(image, [-5, -5, 400, 300])).toEqual(image);
    const outside = cropImage(image, [90, 90, 95, 95]);
    expect([outside.width, outside.height]).toEqual([1, 1]);
    expect(pixel(outside, 0, 0)).toEqual(pixel(image, 39, 29));
  });
});

describe('padImage', () => {
  test('centres the picture on white', () => {
    const image = marked(2, 1);
    const padded = padImage(image, 4, 3);
    expect(pixel(padded, 0, 0)).toEqual([255, 255, 255]);
    expect(pixel(padded, 1, 1)).toEqual(pixel(image, 0, 0));
    expect(padImage(image, 1, 1)).toBe(image);
  });

  test('makes any aspect readable and leaves others alone', () => {
    const line = padToAspect(marked(5000, 1));
    expect([line.width, line.height]).toEqual([5000, 25]);
    const square = marked(50, 50);
    expect(padToAspect(square)).toBe(square);
  });
});

describe('cropToPatches', () => {
  test.each([
    [5000, 1],
    [1, 5000],
    [20_000, 20],
    [1, 1],
    [420, 42],
  ])('a crop of %ix%i becomes whole cells within the limits', (width, height) => {
    const { gridHeight, gridWidth, patches } = cropToPatches(marked(width, height), config);
    expect(gridHeight % 2).toBe(0);
    expect(gridWidth % 2).toBe(0);
    expect(gridHeight * gridWidth * 196).toBeLessThanOrEqual(config.maxPixels);
    expect(patches.length).toBe(gridHeight * gridWidth * 588);
  });

  test('doubles small pictures for spotting', () => {
    const usual = cropToPatches(marked(280, 140), config);
    const spotting = cropToPatches(marked(280, 140), config, 'spotting');
    expect([usual.gridWidth, spotting.gridWidth]).toEqual([20, 40]);
  });
});
