import type { InkMask } from './ink-mask.js';
import type { Box } from './region.js';

/**
 * Takes ruled lines out of a straightened mask, in place: runs of ink at least `leastLength` long and at most
 * `mostThickness` thick, level or upright. Letters that touch or cross a rule stay. Returns the boxes of the rules.
 */
export function removeRules(mask: InkMask, leastLength: number, mostThickness: number): Box[] {
  const level = findRuns(mask, leastLength, mostThickness, 1, mask.width, mask.width, mask.height);
  const upright = findRuns(mask, leastLength * 1.5, mostThickness, mask.width, 1, mask.height, mask.width);
  for (const { pixels } of [...level, ...upright]) for (const pixel of pixels) mask.bits[pixel] = 0;
  return [
    ...joinRuns(level, 1).map(({ from, to, start, end }): Box => [start, from, end, to]),
    ...joinRuns(upright, 1).map(({ from, to, start, end }): Box => [from, start, to, end]),
  ];
}

interface Run {
  readonly row: number;
  readonly start: number;
  readonly end: number;
  /** Pixels of the run where it is thin. */
  readonly pixels: readonly number[];
}

/** Gaps of this many pixels do not end a run: scans break thin lines. */
const bridgedGap = 2;

/** Runs along one direction: `along` and `across` are the pixel steps, `length` and `count` the sizes. */
function findRuns(
  { bits }: InkMask,
  leastLength: number,
  mostThickness: number,
  along: number,
  across: number,
  length: number,
  count: number,
): Run[] {
  const runs: Run[] = [];
  for (let row = 0; row < count; row++) {
    const base = row * across;
    let start = -1;
    let last = -1;
    for (let at = 0; at <= length + bridgedGap; at++) {
      if (at < length && bits[base + at * along]) {
        if (start < 0) start = at;
        last = at;
        continue;
      }
      if (start < 0 || at - last <= bridgedGap) continue;
      if (last + 1 - start >= leastLength) {
        const pixels: number[] = [];
        for (let place = start; place <= last; place++) {
          const pixel = base + place * along;
          if (thicknessAt(bits, pixel, across, row, count, mostThickness) <= mostThickness) pixels.push(pixel);
        }
        if (pixels.length > (last + 1 - start) * 0.6) runs.push({ row, start, end: last + 1, pixels });
      }
      start = -1;
    }
  }
  return runs;
}

function thicknessAt(
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

/** Runs on neighbouring rows that overlap belong to one rule. */
function joinRuns(runs: readonly Run[], reach: number) {
  const rules: { from: number; to: number; start: number; end: number }[] = [];
  for (const run of runs) {
    const rule = rules.find(
      (other) => run.row - other.to <= reach && run.row >= other.from && run.start < other.end && other.start < run.end,
    );
    if (!rule) {
      rules.push({ from: run.row, to: run.row + 1, start: run.start, end: run.end });
      continue;
    }
    rule.to = run.row + 1;
    rule.start = Math.min(rule.start, run.start);
    rule.end = Math.max(rule.end, run.end);
  }
  return rules;
}
