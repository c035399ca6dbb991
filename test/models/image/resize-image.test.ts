import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { resizeGrey, resizeImage } from '../../../models/image/resize-image.js';
import type { RgbImage } from '../../../models/image/rgb-image.js';

interface ResizeCase {
  source: [number, number];
  target: [number, number];
  filter: 'bicubic' | 'bilinear' | 'lanczos';
  sha256: string;
  bytes?: number[];
}

const cases: ResizeCase[] = JSON.parse(
  readFileSync(new URL('../../fixtures/image/resized.json', import.meta.url), 'utf8'),
);

/** The same picture as `source` of test/fixtures/image/make_resized.py. */
function sourceImage(width: number, height: number): RgbImage {
  let state = width * 65537 + height;
  const data = new Uint8Array(width * height * 3);
  for (let index = 0; index < data.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const pixel = Math.floor(index / 3);
    const edge = (Math.floor((pixel % width) / 3) + Math.floor(Math.floor(pixel / width) / 5)) % 2 ? 255 : 0;
    data[index] = state & 0x400 ? state >>> 24 : edge;
  }
  return { width, height, data };
}

describe('resizeImage gives the bytes of Pillow', () => {
  test.each(cases)('$filter $source -> $target', ({ source, target, filter, sha256, bytes }) => {
    const resized = resizeImage(sourceImage(...source), ...target, filter);
    expect([resized.width, resized.height]).toEqual(target);
    if (bytes) expect([...resized.data]).toEqual(bytes);
    expect(createHash('sha256').update(resized.data).digest('hex')).toBe(sha256);
  });
});

test.each(cases)('a plane of its own comes out as it does among three: $filter $source -> $target', (resizeCase) => {
  const { source, target, filter } = resizeCase;
  const image = sourceImage(...source);
  const resized = resizeImage(image, ...target, filter);
  for (const channel of [0, 1, 2]) {
    const planeOf = ({ width, height, data }: RgbImage) => ({
      width,
      height,
      data: data.filter((_, at) => at % 3 === channel),
    });
    expect(resizeGrey(planeOf(image), ...target, filter)).toEqual(planeOf(resized));
  }
});
