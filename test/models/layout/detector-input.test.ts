import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RgbImage } from '../../../models/image/rgb-image.js';
import { type BicubicTaps, createTaps } from '../../../models/layout/bicubic-taps.js';
import { detectorBand, detectorInput, joinBands } from '../../../models/layout/detector-input.js';
import { arbitraryPage, shifted } from '../../support/arbitrary-page.js';
import { readBytesTensor, readPicture } from '../../support/detector-snapshot.js';

const samples = fileURLToPath(new URL('../../../models/pocket/layout/samples', import.meta.url));
const { pages }: { pages: { file: string; pixel_values_sha256: string }[] } = JSON.parse(
  readFileSync(join(samples, 'expected.json'), 'utf8'),
);
const size = { width: 640, height: 640 };

it('resizes the golden page to the bytes of the reference', async () => {
  const input = detectorInput(await readPicture(join(samples, 'page0.png')), size);
  const expected = readBytesTensor(join(samples, 'golden.safetensors'), 'pixel_values_u8');
  expect(Buffer.from(input).equals(expected)).toBe(true);
});

it.each(pages)('gives the reference pixel values of $file to the bit', async ({ file, pixel_values_sha256: hash }) => {
  const input = detectorInput(await readPicture(join(samples, file)), size);
  const values = Float32Array.from(input, (byte) => byte / 255);
  expect(createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex')).toBe(hash);
});

it('copies a page of the wanted size into planes', () => {
  const data = Uint8Array.from({ length: 5 * 4 * 3 }, (_, index) => index * 4);
  const planes = detectorInput({ width: 5, height: 4, data }, { width: 5, height: 4 });
  expect([...planes]).toEqual([0, 1, 2].flatMap((channel) => [...data].filter((_, index) => index % 3 === channel)));
});

it('spreads pages smaller than the kernel', () => {
  const pixel = detectorInput({ width: 1, height: 1, data: Uint8Array.of(10, 20, 30) }, { width: 4, height: 2 });
  expect([...pixel]).toEqual([10, 20, 30].flatMap((value) => new Array(8).fill(value)));
  const pair = detectorInput(
    { width: 2, height: 1, data: Uint8Array.of(0, 0, 0, 200, 200, 200) },
    { width: 2, height: 3 },
  );
  expect([...pair.subarray(0, 6)]).toEqual([0, 200, 0, 200, 0, 200]);
});

it('clips overshoot at hard edges', () => {
  const data = Uint8Array.from({ length: 8 * 3 }, (_, index) => (index < 12 ? 0 : 255));
  const row = [...detectorInput({ width: 8, height: 1, data }, { width: 16, height: 1 }).subarray(0, 16)];
  expect(row.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(row.slice(10)).toEqual([255, 255, 255, 255, 255, 255]);
  expect(row[7]).toBeLessThan(row[8]);
});

/** One output of one axis, tap by tap. */
function weigh(
  { starts, weights, precision }: BicubicTaps,
  output: number,
  pixelAt: (place: number) => number,
): number {
  let sum = 1 << (precision - 1);
  for (let tap = 0; tap < 4; tap++) {
    const weight = weights[output * 4 + tap];
    if (weight !== 0) sum += weight * pixelAt(starts[output] + tap);
  }
  return Math.min(255, Math.max(0, sum >> precision));
}

function weighAll({ width, height, data }: RgbImage, size: { width: number; height: number }): number[] {
  const along = createTaps(width, size.width);
  const down = createTaps(height, size.height);
  return [0, 1, 2].flatMap((channel) => {
    const rows = Array.from({ length: height }, (_, y) =>
      Array.from({ length: size.width }, (_, x) => weigh(along, x, (place) => data[(y * width + place) * 3 + channel])),
    );
    return Array.from({ length: size.width * size.height }, (_, at) =>
      weigh(down, Math.floor(at / size.width), (place) => rows[place][at % size.width]),
    );
  });
}

it('weighs every pixel of pages of any size, with and without colour and white paper', () => {
  const side = fc.integer({ min: 1, max: 30 });
  fc.assert(
    fc.property(arbitraryPage(40, 30), side, side, (page, width, height) => {
      const expected = weighAll(page, { width, height });
      expect([...detectorInput(page, { width, height })]).toEqual(expected);
      expect([...detectorInput(shifted(page), { width, height })]).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

it('is the same in bands', () => {
  const side = fc.integer({ min: 1, max: 30 });
  fc.assert(
    fc.property(arbitraryPage(40, 30), side, side, fc.array(fc.nat(30)), (page, width, height, cuts) => {
      const edges = [...new Set([0, ...cuts.filter((cut) => cut < height), height])].sort((a, b) => a - b);
      const bands = edges.slice(1).map((to, band) => detectorBand(page, { width, height }, edges[band], to));
      expect(joinBands(bands, height)).toEqual(detectorInput(page, { width, height }));
    }),
    { numRuns: 300 },
  );
});
