import type { InkMask } from './ink-mask.js';

/** A stretch of ink along one direction; `end` outside. */
export interface InkRun {
  readonly row: number;
  readonly start: number;
  readonly end: number;
}

/** Gaps of this many pixels do not end a run: scans break thin lines. */
const bridgedGap = 2;

/**
 * Runs along one direction, at least `leastLength` long and mostly thin: `along` and `across` are the pixel steps,
 * `length` and `count` the sizes. Only one place in `leastLength` is looked at, as no run of that length lies between
 * two of them, and the ink there is followed both ways; so it must be more than the gap that is bridged.
 */
export function findRuns(
  { bits }: Pick<InkMask, 'bits'>,
  leastLength: number,
  mostThickness: number,
  along: number,
  across: number,
  length: number,
  count: number,
): InkRun[] {
  const stride = Math.floor(leastLength);
  const runs: InkRun[] = [];
  for (let row = 0; row < count; row++) {
    const base = row * across;
    for (let probe = stride - 1; probe < length; ) {
      let start = probe + 1;
      for (let at = probe; at >= 0 && start - at <= bridgedGap + 1; at--) if (bits[base + at * along]) start = at;
      if (start > probe) {
        probe += stride;
        continue;
      }
      let last = start;
      for (let at = start + 1; at < length && at - last <= bridgedGap + 1; at++) if (bits[base + at * along]) last = at;
      probe = Math.max(probe, last) + stride;
      if (last + 1 - start < leastLength) continue;
      let thinCount = 0;
      for (let place = start; place <= last; place++) {
        const thickness = thicknessAt(bits, base + place * along, across, row, count, mostThickness);
        if (thickness <= mostThickness) thinCount++;
      }
      if (thinCount > (last + 1 - start) * 0.6) runs.push({ row, start, end: last + 1 });
    }
  }
  return runs;
}

/** Pixels of ink in a row across the direction of a run, counted up to `most` each way. */
export function thicknessAt(
  bits: Uint8Array,
  pixel: number,
  across: number,
  row: number,
  count: number,
  most: number,
): number {
  let thickness = 1;
  for (let before = 1; before <= most && row - before >= 0 && bits[pixel - before * across]; before++) thickness++;
  for (let after = 1; after <= most && row + after < count && bits[pixel + after * across]; after++) thickness++;
  return thickness;
}
