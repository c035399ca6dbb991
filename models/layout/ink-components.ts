import type { InkMask } from './ink-mask.js';

/** A connected patch of ink: a letter, a part of one, a speck, a rule. Corners in mask pixels, `x1` and `y1` outside. */
export interface InkComponent {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  /** Ink pixels. */
  readonly area: number;
  /** Rows of ink: `y, x0, x1` three by three, `x1` outside. */
  readonly runs: readonly number[];
}

/** Components of fewer pixels than this are grain. */
const leastArea = 3;
/** A full page of small print has some ten thousand; of more, which is noise, only the largest are kept. */
const mostComponents = 30_000;

/** Connected components (eight neighbours) of a mask, in the order of their first pixel. */
export function findComponents({ width, bits }: Pick<InkMask, 'width' | 'bits'>): InkComponent[] {
  const parents: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const rows: number[] = [];
  const rootOf = (run: number) => {
    let root = run;
    while (parents[root] !== root) {
      parents[root] = parents[parents[root]];
      root = parents[root];
    }
    return root;
  };
  let above = 0;
  let aboveEnd = 0;
  // From one row with ink to the next: most of a page is paper.
  for (let at = bits.indexOf(1), lastY = -1; at >= 0; at = bits.indexOf(1, (lastY + 1) * width)) {
    const y = Math.floor(at / width);
    const row = y * width;
    const first = starts.length;
    if (y > lastY + 1) above = aboveEnd;
    lastY = y;
    for (let x = at - row; x < width; ) {
      const start = x;
      while (x < width && bits[row + x]) x++;
      const run = starts.length;
      starts.push(start);
      ends.push(x);
      rows.push(y);
      parents.push(run);
      while (above < aboveEnd && ends[above] < start) above++;
      for (let other = above; other < aboveEnd && starts[other] <= x; other++) {
        const a = rootOf(other);
        const b = rootOf(run);
        if (a < b) parents[b] = a;
        else parents[a] = b;
      }
      while (x < width && !bits[row + x]) x++;
    }
    above = first;
    aboveEnd = starts.length;
  }
  return gatherRuns(parents, starts, ends, rows, rootOf);
}

function gatherRuns(
  parents: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
  rows: readonly number[],
  rootOf: (run: number) => number,
): InkComponent[] {
  const found = new Map<number, { x0: number; y0: number; x1: number; y1: number; area: number; runs: number[] }>();
  for (let run = 0; run < parents.length; run++) {
    const root = rootOf(run);
    const box = found.get(root);
    if (!box) {
      found.set(root, {
        x0: starts[run],
        y0: rows[run],
        x1: ends[run],
        y1: rows[run] + 1,
        area: ends[run] - starts[run],
        runs: [rows[run], starts[run], ends[run]],
      });
      continue;
    }
    if (starts[run] < box.x0) box.x0 = starts[run];
    if (ends[run] > box.x1) box.x1 = ends[run];
    box.y1 = rows[run] + 1;
    box.area += ends[run] - starts[run];
    box.runs.push(rows[run], starts[run], ends[run]);
  }
  const components = [...found.values()].filter((component) => component.area >= leastArea);
  if (components.length <= mostComponents) return components;
  return components.sort((a, b) => b.area - a.area).slice(0, mostComponents);
}
