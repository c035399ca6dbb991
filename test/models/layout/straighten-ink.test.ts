import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readInk } from '../../../models/layout/page-ink.js';
import { estimateSlope, straightenMask, toStraight, toTilted } from '../../../models/layout/straighten-ink.js';
import { blankPage, printLine } from '../../support/print-page.js';

function tiltedPage(slope: number) {
  const page = blankPage(1000, 800);
  for (let line = 0; line < 12; line++) printLine(page, 80, 120 + line * 45, 70, slope);
  return page;
}

describe('tilt of a page', () => {
  it.each([0.0175, -0.0175, 0.04])('is found: slope %f', (slope) => {
    expect(readInk(tiltedPage(slope)).slope).toBeCloseTo(slope, 2.6);
  });

  it('of a straight page is nothing', () => {
    expect(readInk(tiltedPage(0)).slope).toBe(0);
  });

  it('is not guessed from a handful of marks', () => {
    const page = blankPage(400, 300);
    printLine(page, 40, 100, 8, 0.03);
    expect(readInk(page).slope).toBe(0);
  });

  it('maps points there and back', () => {
    const [u, v] = toTilted(900, 100, 0.03, 1000, 800);
    const [x, y] = toStraight(u, v, 0.03, 1000, 800);
    expect(x).toBeCloseTo(900, 6);
    expect(y).toBeCloseTo(100, 6);
  });
});

it('turns a mask as it turns every point', () => {
  const size = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(size, size, fc.double({ min: -0.062, max: 0.062, noNaN: true }), (width, height, slope) => {
      const bits = Uint8Array.from({ length: width * height }, (_, pixel) => (pixel * 7919) & 1);
      const straight = straightenMask({ width, height, step: 1, bits }, slope).bits;
      for (let pixel = 0; pixel < bits.length; pixel++) {
        const [u, v] = toTilted(pixel % width, Math.floor(pixel / width), slope, width, height);
        const [x, y] = [Math.round(u), Math.round(v)];
        const isInside = x >= 0 && x < width && y >= 0 && y < height;
        expect(straight[pixel]).toBe(isInside ? bits[y * width + x] : 0);
      }
    }),
  );
});

it('finds the slope whose profile, counted bin by bin, is the sharpest', () => {
  const letter = fc.record({ x: fc.integer({ min: 0, max: 1400 }), y: fc.integer({ min: 0, max: 60 }) });
  fc.assert(
    fc.property(
      fc.array(letter, { minLength: 30, maxLength: 60 }),
      fc.double({ min: -0.05, max: 0.05, noNaN: true }),
      (letters, tilt) => {
        const components = letters.map(({ x, y }) => {
          const bottom = 200 + y * 30 + Math.round(tilt * x);
          return { x0: x, y0: bottom - 20, x1: x + 12, y1: bottom, area: 200, runs: [] };
        });
        const sharpness = (slope: number) => {
          const bins = new Map<number, number>();
          for (const { x0, x1, y1 } of components) {
            const at = (y1 - (slope * (x0 + x1)) / 2) / 2;
            const bin = Math.floor(at);
            bins.set(bin, (bins.get(bin) ?? 0) + 1 - (at - bin));
            bins.set(bin + 1, (bins.get(bin + 1) ?? 0) + at - bin);
          }
          return [...bins.values()].reduce((sum, count) => sum + count * count, 0);
        };
        const sharpest = (from: number, to: number, step: number) => {
          let [best, most] = [0, sharpness(0)];
          for (let slope = from; slope <= to; slope += step) {
            if (sharpness(slope) > most * 1.0001) [best, most] = [slope, sharpness(slope)];
          }
          return best;
        };
        const coarse = sharpest(-0.06, 0.06, 0.002);
        const slope = sharpest(coarse - 0.002, coarse + 0.002, 0.00025);
        expect(estimateSlope(components, 20)).toBe(Math.abs(slope) < 0.002 ? 0 : slope);
      },
    ),
  );
});
