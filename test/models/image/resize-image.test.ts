import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ResampleTaps, resampleFilters, resampleTaps } from '../../../models/image/resample-taps.js';
import { resizeGrey, resizeImage } from '../../../models/image/resize-image.js';
import type { RgbImage } from '../../../models/image/rgb-image.js';
import { arbitraryPage, shifted } from '../../support/arbitrary-page.js';

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

/** One target pixel of one axis, tap by tap. */
function weigh({ starts, counts, weights, tapCount }: ResampleTaps, target: number, pixelAt: (at: number) => number) {
  let sum = 1 << 21;
  for (let tap = 0; tap < counts[target]; tap++)
    sum += weights[target * tapCount + tap] * pixelAt(starts[target] + tap);
  return Math.min(255, Math.max(0, sum >> 22));
}

function weighAll({ width, height, data }: RgbImage, targetWidth: number, targetHeight: number): number[] {
  const along = resampleTaps(width, targetWidth, resampleFilters.bicubic);
  const down = resampleTaps(height, targetHeight, resampleFilters.bicubic);
  const rows = Array.from({ length: height }, (_, y) =>
    Array.from({ length: targetWidth * 3 }, (_, at) =>
      width === targetWidth
        ? data[y * width * 3 + at]
        : weigh(along, Math.floor(at / 3), (x) => data[(y * width + x) * 3 + (at % 3)]),
    ),
  );
  return Array.from({ length: targetHeight }, (_, y) =>
    Array.from({ length: targetWidth * 3 }, (_, at) =>
      height === targetHeight ? rows[y][at] : weigh(down, y, (place) => rows[place][at]),
    ),
  ).flat();
}

test('every pixel is weighed, enlarged or shrunk, in colour and as one plane', () => {
  const side = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(arbitraryPage(24, 24), side, side, (page, width, height) => {
      const expected = weighAll(page, width, height);
      expect([...resizeImage(page, width, height).data]).toEqual(expected);
      expect([...resizeImage(shifted(page), width, height).data]).toEqual(expected);
      const green = { ...page, data: page.data.filter((_, at) => at % 3 === 1) };
      expect([...resizeGrey(green, width, height).data]).toEqual(expected.filter((_, at) => at % 3 === 1));
    }),
    { numRuns: 300 },
  );
});
