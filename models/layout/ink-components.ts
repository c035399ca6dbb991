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
  readonly runs: ArrayLike<number>;
}

/** Components of fewer pixels than this are grain. */
const leastArea = 3;
/** A full page of small print has some ten thousand; of more, which is noise, only the largest are kept. */
const mostComponents = 30_000;

/** Runs of ink in reading order, `end` outside; `parents` leads from each to the first run it is joined with. */
interface Runs {
  readonly count: number;
  readonly rows: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly parents: Int32Array;
}

/** Connected components (eight neighbours) of a mask, in the order of their first pixel. */
export function findComponents(mask: Pick<InkMask, 'width' | 'bits'>): InkComponent[] {
  const components = gatherRuns(findRuns(mask)).filter((component) => component.area >= leastArea);
  if (components.length <= mostComponents) return components;
  return components.sort((a, b) => b.area - a.area).slice(0, mostComponents);
}

function findRuns({ width, bits }: Pick<InkMask, 'width' | 'bits'>): Runs {
  let [rows, starts, ends, parents] = [0, 1, 2, 3].map(() => new Int32Array(4 * width));
  const fours = new Int32Array(bits.buffer, bits.byteOffset, bits.length >> 2);
  let count = 0;
  let above = 0;
  let aboveEnd = 0;
  // From one row with ink to the next: most of a page is paper.
  for (let at = bits.indexOf(1), lastY = -1; at >= 0; at = bits.indexOf(1, (lastY + 1) * width)) {
    if (count + width > rows.length) [rows, starts, ends, parents] = [rows, starts, ends, parents].map(doubled);
    const y = Math.floor(at / width);
    const row = y * width;
    const rowEnd = row + width;
    const first = count;
    if (y > lastY + 1) above = aboveEnd;
    lastY = y;
    while (at < rowEnd) {
      const start = at - row;
      while (at < rowEnd && bits[at]) at++;
      const end = at - row;
      while (above < aboveEnd && ends[above] < start) above++;
      let root = count;
      parents[root] = root;
      for (let other = above; other < aboveEnd && starts[other] <= end; other++) {
        const otherRoot = rootOf(parents, other);
        parents[Math.max(root, otherRoot)] = Math.min(root, otherRoot);
        root = Math.min(root, otherRoot);
      }
      rows[count] = y;
      starts[count] = start;
      ends[count++] = end;
      while (at < rowEnd && !bits[at]) at += fours[at >> 2] === 0 && at % 4 === 0 ? 4 : 1;
    }
    above = first;
    aboveEnd = count;
  }
  return { count, rows, starts, ends, parents };
}

function doubled(values: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(values.length * 2);
  larger.set(values);
  return larger;
}

function rootOf(parents: Int32Array, run: number): number {
  let root = run;
  while (parents[root] !== root) {
    parents[root] = parents[parents[root]];
    root = parents[root];
  }
  return root;
}

function gatherRuns({ count, rows, starts, ends, parents }: Runs): InkComponent[] {
  const found: { x0: number; y0: number; x1: number; y1: number; area: number; runs: number[] }[] = [];
  /** Which of those found a root stands for. */
  const places = new Int32Array(count);
  for (let run = 0; run < count; run++) {
    const root = rootOf(parents, run);
    const y = rows[run];
    const x0 = starts[run];
    const x1 = ends[run];
    // The root is the first run of its component.
    if (root === run) {
      places[run] = found.length;
      found.push({ x0, y0: y, x1, y1: y + 1, area: x1 - x0, runs: [y, x0, x1] });
      continue;
    }
    const box = found[places[root]];
    if (x0 < box.x0) box.x0 = x0;
    if (x1 > box.x1) box.x1 = x1;
    box.y1 = y + 1;
    box.area += x1 - x0;
    box.runs.push(y, x0, x1);
  }
  return found;
}
