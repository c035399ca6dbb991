import type { Box } from './region.js';
import type { GridPlace } from './table-grid.js';

/** Rules this close together are one border, in mask pixels. */
const sameBorder = 7;
/** A border between two cells is there when rules cover this share of it. */
const coveredShare = 0.6;

/** Cells boxed in by rules, merged where the rule between them is missing; undefined without a full set of rules. */
export function findRuledGrid(rules: readonly Box[]): GridPlace[] | undefined {
  const level = rules.filter(([x0, y0, x1, y1]) => x1 - x0 > y1 - y0);
  const upright = rules.filter(([x0, y0, x1, y1]) => x1 - x0 <= y1 - y0);
  const ys = borders(level.map(([, y0, , y1]) => (y0 + y1) / 2));
  const xs = borders(upright.map(([x0, , x1]) => (x0 + x1) / 2));
  if (ys.length < 3 || xs.length < 3) return undefined;
  const rowCount = ys.length - 1;
  const columnCount = xs.length - 1;
  const isParted = (from: number, to: number, at: number, lines: readonly Box[], along: 0 | 1) => {
    const across = along === 0 ? 1 : 0;
    let covered = 0;
    for (const rule of lines) {
      if (Math.abs((rule[across] + rule[across + 2]) / 2 - at) > sameBorder) continue;
      covered += Math.max(0, Math.min(to, rule[along + 2]) - Math.max(from, rule[along]));
    }
    return covered > (to - from) * coveredShare;
  };
  const taken = new Uint8Array(rowCount * columnCount);
  const places: GridPlace[] = [];
  for (let row = 0; row < rowCount; row++) {
    for (let column = 0; column < columnCount; column++) {
      if (taken[row * columnCount + column]) continue;
      let columnSpan = 1;
      while (
        column + columnSpan < columnCount &&
        !isParted(ys[row], ys[row + 1], xs[column + columnSpan], upright, 1)
      ) {
        columnSpan++;
      }
      let rowSpan = 1;
      while (row + rowSpan < rowCount && !isParted(xs[column], xs[column + columnSpan], ys[row + rowSpan], level, 0)) {
        rowSpan++;
      }
      for (let y = row; y < row + rowSpan; y++)
        taken.fill(1, y * columnCount + column, y * columnCount + column + columnSpan);
      const box: Box = [xs[column], ys[row], xs[column + columnSpan], ys[row + rowSpan]];
      places.push({ row, column, rowSpan, columnSpan, box });
    }
  }
  return places;
}

function borders(values: readonly number[]): number[] {
  const groups: number[][] = [];
  for (const value of [...values].sort((a, b) => a - b)) {
    const last = groups[groups.length - 1];
    if (last && value - last[last.length - 1] <= sameBorder) last.push(value);
    else groups.push([value]);
  }
  return groups.map((group) => group.reduce((sum, value) => sum + value, 0) / group.length);
}
