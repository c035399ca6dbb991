import type { Box } from './region.js';
import type { GridPlace } from './table-grid.js';
import type { TextLine } from './text-lines.js';

/** A white column is at least this wide, in line heights; narrower ones are gaps between words. */
const columnGap = 1.1;
/** Lines of one cell lie closer together than rows: by at least this factor. */
const rowGapFactor = 1.45;

/** Cells told from white columns; rows from level rules where every row has one, else from the distances of lines. */
export function findOpenGrid(lines: readonly TextLine[], rules: readonly Box[]): GridPlace[] | undefined {
  if (lines.length < 2) return undefined;
  const heights = lines.map(({ y0, y1 }) => y1 - y0).sort((a, b) => a - b);
  const lineHeight = heights[heights.length >> 1];
  const columns = findColumns(lines, lineHeight * columnGap);
  if (columns.length < 3) return undefined;
  const rows = findRows(lines, rules, lineHeight);
  return rows.slice(0, -1).flatMap((top, row) =>
    columns.slice(0, -1).map((left, column): GridPlace => {
      const box: Box = [left, top, columns[column + 1], rows[row + 1]];
      return { row, column, rowSpan: 1, columnSpan: 1, box };
    }),
  );
}

/** Borders of the columns: outer edges and the middles of the white gaps that run through all lines. */
function findColumns(lines: readonly TextLine[], leastGap: number): number[] {
  const spans = lines
    .flatMap(({ components }) => components.map(({ x0, x1 }) => [x0, x1] as const))
    .sort((a, b) => a[0] - b[0]);
  const borders = [spans[0][0] - 2];
  let right = spans[0][1];
  for (const [x0, x1] of spans) {
    if (x0 - right >= leastGap) borders.push((right + x0) / 2);
    right = Math.max(right, x1);
  }
  return [...borders, right + 2];
}

function findRows(lines: readonly TextLine[], rules: readonly Box[], lineHeight: number): number[] {
  const between = (index: number) => (lines[index].y1 + lines[index + 1].y0) / 2;
  const first = lines[0].y0 - 2;
  const last = lines[lines.length - 1].y1 + 2;
  const inner = rules
    .filter(([x0, y0, x1, y1]) => x1 - x0 > y1 - y0 && y0 > first && y1 < last)
    .map(([, y0, , y1]) => (y0 + y1) / 2);
  const ruled = inner.filter(
    (y, index) => inner.findIndex((other) => Math.abs(other - y) < lineHeight * 0.5) === index,
  );
  // Two or more inner rules part the rows; a single one only sets off the head.
  if (ruled.length >= 2 && ruled.length + 1 >= lines.length * 0.34)
    return [first, ...ruled.sort((a, b) => a - b), last];
  const pitches = lines.slice(1).map((line, index) => (line.y0 + line.y1 - lines[index].y0 - lines[index].y1) / 2);
  const sorted = [...pitches].sort((a, b) => a - b);
  const isUneven = sorted[sorted.length - 1] > sorted[0] * rowGapFactor;
  const limit = isUneven ? (sorted[0] + sorted[sorted.length - 1]) / 2 : 0;
  const borders = pitches.flatMap((pitch, index) => (pitch >= limit ? [between(index)] : []));
  return [first, ...borders, last];
}
