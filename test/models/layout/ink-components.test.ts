import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findComponents } from '../../../models/layout/ink-components.js';

function componentsOf(...rows: string[]) {
  const bits = Uint8Array.from(rows.join(''), (mark) => (mark === '#' ? 1 : 0));
  return findComponents({ width: rows[0].length, bits });
}

describe('findComponents', () => {
  it('joins strokes that meet further down, also by a corner', () => {
    const found = componentsOf('##...##', '.#...#.', '..#.#..', '...#...');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ x0: 0, y0: 0, x1: 7, y1: 4, area: 9 });
  });

  it('keeps separate marks apart and drops grain', () => {
    const found = componentsOf('###..#.', '###....', '....###');
    expect(found.map(({ area }) => area)).toEqual([6, 3]);
  });

  it('gives every row of a component', () => {
    expect(componentsOf('.##.', '#..#', '.##.')[0].runs).toEqual([0, 1, 3, 1, 0, 1, 1, 3, 4, 2, 1, 3]);
  });

  it('finds runs that touch the edges', () => {
    expect(componentsOf('....###', '###....').map(({ x0, x1 }) => [x0, x1])).toEqual([
      [4, 7],
      [0, 3],
    ]);
  });
});

/** Pixels of each component, found one by one from its first. */
function floodFill(bits: Uint8Array, width: number): number[][] {
  const left = new Set([...bits.keys()].filter((pixel) => bits[pixel] === 1));
  const found: number[][] = [];
  for (const first of left) {
    const pixels = [first];
    left.delete(first);
    for (const pixel of pixels) {
      for (const [dx, dy] of [-1, 0, 1].flatMap((x) => [-1, 0, 1].map((y) => [x, y]))) {
        const x = (pixel % width) + dx;
        const neighbour = pixel + dy * width + dx;
        if (x >= 0 && x < width && left.delete(neighbour)) pixels.push(neighbour);
      }
    }
    found.push(pixels.sort((a, b) => a - b));
  }
  return found.filter((pixels) => pixels.length >= 3);
}

it('finds what a flood of every patch finds, on masks of any size', () => {
  const mask = fc
    .tuple(fc.integer({ min: 1, max: 21 }), fc.integer({ min: 1, max: 14 }), fc.double({ min: 0, max: 1, noNaN: true }))
    .chain(([width, height, share]) => {
      const pixel = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => Number(value < share));
      const pixels = fc.array(pixel, { minLength: width * height, maxLength: width * height });
      return pixels.map((bits) => ({ width, bits: Uint8Array.from(bits) }));
    });
  fc.assert(
    fc.property(mask, ({ width, bits }) => {
      const found = findComponents({ width, bits }).map(({ runs, ...box }) => {
        const pixels: number[] = [];
        for (let at = 0; at < runs.length; at += 3) {
          for (let x = runs[at + 1]; x < runs[at + 2]; x++) pixels.push(runs[at] * width + x);
        }
        expect(box.area).toBe(pixels.length);
        expect([box.x0, box.x1]).toEqual([
          Math.min(...pixels.map((pixel) => pixel % width)),
          Math.max(...pixels.map((pixel) => pixel % width)) + 1,
        ]);
        expect([box.y0, box.y1]).toEqual([runs[0], runs[runs.length - 3] + 1]);
        return pixels;
      });
      expect(found).toEqual(floodFill(bits, width));
    }),
    { numRuns: 300 },
  );
});
