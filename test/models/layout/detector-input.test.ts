import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { detectorInput } from '../../../models/layout/detector-input.js';
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
