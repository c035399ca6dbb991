import type { InkMask } from './ink-mask.js';
import { findRuns, type InkRun, thicknessAt } from './ink-runs.js';
import type { Box } from './region.js';

/**
 * Takes ruled lines out of a straightened mask, in place: runs of ink at least `leastLength` long and at most
 * `mostThickness` thick, level or upright. Letters that touch or cross a rule stay. Returns the boxes of the rules.
 */
export function removeRules(mask: InkMask, leastLength: number, mostThickness: number): Box[] {
  const { width, height, bits } = mask;
  const level = joinRuns(findRuns(mask, leastLength, mostThickness, 1, width, width, height), 2);
  const upright = joinRuns(findRuns(mask, leastLength * 1.5, mostThickness, width, 1, height, width), 2);
  const doomed = [
    ...level.flatMap((rule) => thinPixels(bits, rule, 1, width, width, height, mostThickness)),
    ...upright.flatMap((rule) => thinPixels(bits, rule, width, 1, height, width, mostThickness)),
  ];
  for (const pixel of doomed) bits[pixel] = 0;
  return [
    ...level.map(({ from, to, start, end }): Box => [start, from, end, to]),
    ...upright.map(({ from, to, start, end }): Box => [from, start, to, end]),
  ];
}

/** Rows beyond a rule's own that still hold its frayed edge. */
const frayedRows = 3;

/** Pixels on and right beside a rule where the ink is no thicker than a rule. */
function thinPixels(
  bits: Uint8Array,
  { from, to, start, end }: Rule,
  along: number,
  across: number,
  length: number,
  count: number,
  mostThickness: number,
): number[] {
  const pixels: number[] = [];
  const first = Math.max(0, from - frayedRows);
  const last = Math.min(count, to + frayedRows);
  for (let at = Math.max(0, start - frayedRows); at < Math.min(length, end + frayedRows); at++) {
    for (let row = first; row < last; row++) {
      const pixel = row * across + at * along;
      if (bits[pixel] && thicknessAt(bits, pixel, across, row, count, mostThickness) <= mostThickness)
        pixels.push(pixel);
    }
  }
  return pixels;
}

/** Rows `from` to `to` (outside) across, places `start` to `end` along. */
interface Rule {
  from: number;
  to: number;
  start: number;
  end: number;
}

/** Runs on neighbouring rows that overlap belong to one rule. */
function joinRuns(runs: readonly InkRun[], reach: number): Rule[] {
  const rules: Rule[] = [];
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
