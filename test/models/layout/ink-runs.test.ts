import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findRuns } from '../../../models/layout/ink-runs.js';

/** Place by place, as far as the length and the gaps go. */
function runsOfLength(bits: readonly boolean[], leastLength: number): [number, number][] {
  const runs: [number, number][] = [];
  for (let at = 0; at < bits.length; at++) {
    if (!bits[at]) continue;
    const last = runs[runs.length - 1];
    if (last && at - last[1] <= 2) last[1] = at + 1;
    else runs.push([at, at + 1]);
  }
  return runs.filter(([start, end]) => end - start >= leastLength);
}

it('finds every run that is long enough, gaps of two pixels bridged, along rows and along columns', () => {
  const line = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 6 })), { maxLength: 20 });
  fc.assert(
    fc.property(line, fc.double({ min: 3, max: 14, noNaN: true }), (pieces, leastLength) => {
      const places = pieces.flatMap(([isInk, length]) => new Array<boolean>(length).fill(isInk));
      const expected = runsOfLength(places, leastLength).map(([start, end]) => ({ row: 1, start, end }));
      const { length } = places;
      const level = new Uint8Array(3 * length);
      const upright = new Uint8Array(3 * length);
      places.forEach((isInk, at) => {
        level[length + at] = upright[at * 3 + 1] = Number(isInk);
      });
      expect(findRuns({ bits: level }, leastLength, 2, 1, length, length, 3)).toEqual(expected);
      expect(findRuns({ bits: upright }, leastLength, 2, 3, 1, length, 3)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});
