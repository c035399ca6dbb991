import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packInk, unpackInk } from '../../../models/layout/packed-ink.js';
import type { PageInk } from '../../../models/layout/page-ink.js';

const number = fc.nat(5000);
const components = fc.array(
  fc.record({
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    area: number,
    runs: fc.array(fc.tuple(number, number, number)).map((rows) => rows.flat()),
  }),
);

it('is the same ink after it was packed', () => {
  fc.assert(
    fc.property(components, fc.double({ noNaN: true }), (found, slope) => {
      const ink: PageInk = {
        width: 100,
        height: 80,
        step: 2,
        slope,
        letterHeight: 9,
        components: found,
        rules: [[1, 2, 3, 4]],
      };
      const { components: unpacked, ...rest } = unpackInk(packInk(ink));
      expect({ ...rest, components: unpacked.map((one) => ({ ...one, runs: [...Array.from(one.runs)] })) }).toEqual(
        ink,
      );
    }),
  );
});
