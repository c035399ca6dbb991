import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutGreyPatches, cutPatches } from '../../../models/image/cut-patches.js';
import { type GreyImage, toGrey } from '../../../models/image/grey-image.js';

/** Bytes at any place of a larger buffer, as crops and decoders give them. */
function shifted(bytes: Uint8Array, offset: number): Uint8Array {
  const moved = new Uint8Array(bytes.length + offset + 5);
  moved.set(bytes, offset);
  return moved.subarray(offset, offset + bytes.length);
}

const planes = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9 }), fc.nat(3))
  .chain(([width, height, offset]) =>
    fc.uint8Array({ minLength: width * height, maxLength: width * height }).map((data) => ({
      width,
      height,
      data,
      rgb: shifted(
        Uint8Array.from({ length: data.length * 3 }, (_, at) => data[Math.floor(at / 3)]),
        offset,
      ),
    })),
  );

test('a picture without colour is its plane', () => {
  fc.assert(
    fc.property(planes, ({ width, height, data, rgb }) => {
      expect(toGrey({ width, height, data: rgb })).toEqual({ width, height, data });
    }),
  );
});

test('one byte of colour anywhere is colour', () => {
  fc.assert(
    fc.property(planes, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ width, height, rgb }, place, by) => {
      rgb[place % rgb.length] ^= by;
      expect(toGrey({ width, height, data: rgb })).toBeNull();
    }),
    { numRuns: 1000 },
  );
});

test('colour at the end of a large picture is found', () => {
  const data = new Uint8Array(300 * 100 * 3).fill(255);
  expect(toGrey({ width: 300, height: 100, data })?.data).toEqual(new Uint8Array(30_000).fill(255));
  data[data.length - 2] = 254;
  expect(toGrey({ width: 300, height: 100, data })).toBeNull();
});

test.each([
  [14, 0],
  [14, 1],
  [7, 0],
  [16, 2],
])('patches of %i pixels of a plane at offset %i are one of those of three equal planes', (patchSize, offset) => {
  const [width, height] = [patchSize * 6, patchSize * 4];
  const plane = Uint8Array.from({ length: width * height }, (_, at) => (at * 31) % 251);
  const image: GreyImage = { width, height, data: shifted(plane, offset) };
  const rgb = Uint8Array.from({ length: plane.length * 3 }, (_, at) => plane[Math.floor(at / 3)]);
  const { patches, ...grid } = cutGreyPatches(image, patchSize);
  const { patches: coloured, ...sameGrid } = cutPatches({ width, height, data: rgb }, patchSize);
  expect(grid).toEqual({ ...sameGrid, isGrey: true });
  const area = patchSize ** 2;
  const firstChannels = coloured.filter((_, at) => at % (3 * area) < area);
  expect(patches).toEqual(firstChannels);
});
