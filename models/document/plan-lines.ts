import type { Task } from '../generation/task.js';
import type { InkComponent } from '../layout/ink-components.js';
import type { PageInk } from '../layout/page-ink.js';
import type { Box } from '../layout/region.js';
import type { TextLine } from '../layout/text-lines.js';
import type { PageHints } from './page-hints.js';
import type { PlannedCrop } from './page-plan.js';

/** What the reader takes: side of a cell (patch times merge) and pixels of a crop. */
export interface CropLimits {
  readonly cellSide: number;
  readonly minPixels: number;
  readonly maxPixels: number;
}

/** White kept round the ink of a crop, in line heights. */
const sideMargin = 0.35;
const topMargin = 0.1;
/** Width of the narrowest printed token in the pixels the reader gets, and tokens granted besides. */
const leastTokenWidth = 3.5;
const fixedTokens = 24;
/** A crop that is a little too tall for its cells is shrunk by this much at most rather than given another row. */
const mostSquash = 0.82;

/**
 * Crops of consecutive printed lines, `hints.linesPerCrop` each, scaled so that a line is about `hints.lineHeight.best`
 * tall and the sides are whole cells. Ink of other lines inside a crop is painted over: a cut line is read as nonsense.
 */
export function planLines(
  lines: readonly TextLine[],
  ink: PageInk,
  limits: CropLimits,
  hints: PageHints,
  task: Task = 'ocr',
): PlannedCrop[] {
  const lineHeight = typicalLineHeight(lines);
  const scale = scaleOf(lineHeight * ink.step, hints);
  const crops: PlannedCrop[] = [];
  const minPixels = Math.min(limits.minPixels, hints.minPixels ?? limits.minPixels);
  const perCrop = hints.linesPerCrop ?? 1;
  for (let first = 0; first < lines.length; first += perCrop) {
    const group = lines.slice(first, first + perCrop);
    const pieces = group.length === 1 ? splitWide(group[0], (hints.maxLineWidth ?? 1e9) / (scale * ink.step)) : [group];
    pieces.forEach((piece, index) => {
      const crop = cropOf(piece, ink, { ...limits, minPixels }, scale, lineHeight, task);
      crops.push(index === 0 ? crop : { ...crop, continuesLine: true });
    });
  }
  return crops;
}

/** Scale from page pixels to the reader's for print of this height; 1 without hints. */
export function scaleOf(lineHeight: number, { lineHeight: wanted }: PageHints): number {
  if (!wanted || lineHeight <= 0) return 1;
  if (lineHeight > wanted.best) return wanted.best / lineHeight;
  return lineHeight < wanted.least ? wanted.least / lineHeight : 1;
}

/** Upper middle of the heights of the lines: short lines without ascenders must not blow up the scale. */
export function typicalLineHeight(lines: readonly TextLine[]): number {
  const heights = lines.map(({ y0, y1 }) => y1 - y0).sort((a, b) => a - b);
  return heights[Math.floor(heights.length * 0.6)] ?? 0;
}

/** A line in pieces no wider than `most`, cut at the widest gap near each middle. */
function splitWide(line: TextLine, most: number): TextLine[][] {
  if (line.x1 - line.x0 <= most || line.components.length < 2) return [[line]];
  const sorted = [...line.components].sort((a, b) => a.x0 - b.x0);
  const width = line.x1 - line.x0;
  let right = sorted[0].x1;
  let cut = -1;
  let best = 0;
  for (let index = 1; index < sorted.length; index++) {
    const gap = sorted[index].x0 - right;
    const place = (right + gap / 2 - line.x0) / width;
    const merit = gap * (1 - Math.abs(place - 0.5) * 1.6);
    if (merit > best) {
      cut = index;
      best = merit;
    }
    right = Math.max(right, sorted[index].x1);
  }
  if (cut < 0) return [[line]];
  return [sorted.slice(0, cut), sorted.slice(cut)].flatMap((half) => splitWide(lineOf(half), most));
}

function lineOf(components: readonly InkComponent[]): TextLine {
  return {
    x0: Math.min(...components.map(({ x0 }) => x0)),
    y0: Math.min(...components.map(({ y0 }) => y0)),
    x1: Math.max(...components.map(({ x1 }) => x1)),
    y1: Math.max(...components.map(({ y1 }) => y1)),
    components,
  };
}

function cropOf(
  lines: readonly TextLine[],
  ink: PageInk,
  { cellSide, minPixels, maxPixels }: CropLimits,
  blockScale: number,
  lineHeight: number,
  task: Task,
): PlannedCrop {
  const x0 = Math.min(...lines.map((line) => line.x0));
  const y0 = Math.min(...lines.map((line) => line.y0));
  const x1 = Math.max(...lines.map((line) => line.x1));
  const y1 = Math.max(...lines.map((line) => line.y1));
  const width = (x1 - x0 + 2 * sideMargin * lineHeight) * ink.step;
  const height = (y1 - y0 + 2 * topMargin * lineHeight) * ink.step;
  let scale = blockScale;
  const fewerRows = Math.floor((height * scale) / cellSide) * cellSide;
  if (fewerRows > 0 && fewerRows / (height * scale) >= mostSquash) scale = fewerRows / height;
  scale = Math.min(scale, Math.sqrt(maxPixels / (width * height)));
  const rows = Math.max(1, Math.ceil((height * scale) / cellSide - 0.01));
  const leastColumns = Math.ceil(minPixels / (cellSide * cellSide * rows));
  const columns = Math.max(leastColumns, Math.ceil((width * scale) / cellSide));
  const size = { width: columns * cellSide, height: rows * cellSide };
  const spare = size.width / scale - width;
  const page = ink.width * ink.step;
  // Print starts at the left as on a page; what the crop is wider than its line is taken where the page has it.
  const start = x0 * ink.step - sideMargin * lineHeight * ink.step;
  const left = Math.round(Math.max(start - spare, Math.min(start, page - size.width / scale)));
  const top = Math.round(((y0 + y1) / 2) * ink.step - size.height / scale / 2);
  const box: Box = [left, top, left + Math.round(size.width / scale), top + Math.round(size.height / scale)];
  return {
    box,
    task,
    lineCount: lines.length,
    lines: lines.map((line): Box => [line.x0, line.y0, line.x1, line.y1].map((v) => v * ink.step) as unknown as Box),
    size,
    maxTokens: fixedTokens + Math.ceil((lines.length * size.width) / leastTokenWidth),
    erased: foreignInk(box, lines, ink),
    ...(!lines.some(hasLowBar) && { hasNoUnderscore: true }),
  };
}

/** Whether a line holds a mark that may be an underscore: level, longer than high, at the foot of the line. */
function hasLowBar({ components, y0, y1 }: TextLine): boolean {
  const height = y1 - y0;
  return components.some(
    (mark) =>
      mark.x1 - mark.x0 >= height * 0.3 &&
      mark.y1 - mark.y0 <= height * 0.2 &&
      (mark.y0 + mark.y1) / 2 > y0 + height * 0.6,
  );
}

/** Round a printed line lie a few strokes of its neighbours; so much is noise, in which there is nothing to uncover. */
const mostForeign = 4000;

/** Boxes of ink inside a crop that is none of its lines'. Where it meets their letters, row by row. */
function foreignInk(box: Box, lines: readonly TextLine[], { components, rules, step }: PageInk): Box[] {
  const [left, top, right, bottom] = box.map((value) => value / step);
  const letters = lines.flatMap((line) => line.components);
  const own = new Set(letters.map(({ runs }) => runs));
  const meets =
    ([x0, y0, x1, y1]: Box) =>
    (other: InkComponent) =>
      other.x1 > x0 && other.x0 < x1 && other.y1 > y0 && other.y0 < y1;
  const foreign: Box[] = [];
  for (const component of components) {
    const { x0, y0, x1, y1, runs } = component;
    if (x1 <= left || x0 >= right || y1 <= top || y0 >= bottom || own.has(runs)) continue;
    const around: Box = [x0 - 1, y0 - 1, x1 + 1, y1 + 1];
    if (!letters.some(meets(around))) {
      foreign.push(around);
      continue;
    }
    for (let at = 0; at < runs.length; at += 3) {
      const [y, start, end] = [runs[at], runs[at + 1], runs[at + 2]];
      if (y >= top - 1 && y <= bottom && end > left && start < right) foreign.push([start - 1, y, end + 1, y + 1]);
    }
    if (foreign.length > mostForeign) return [];
  }
  for (const [x0, y0, x1, y1] of rules) {
    const around: Box = [x0 - 1, y0 - 1, x1 + 1, y1 + 1];
    if (x1 > left && x0 < right && y1 > top && y0 < bottom && !letters.some(meets(around))) foreign.push(around);
  }
  return foreign.map((area) => area.map((value) => value * step) as unknown as Box);
}
