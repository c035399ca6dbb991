import type { RgbImage } from '../image/rgb-image.js';
import { placeOf } from './cover-ink.js';
import type { InkComponent } from './ink-components.js';
import type { PageInk } from './page-ink.js';
import type { Box, LayoutLabel, Region } from './region.js';
import { findRuledGrid } from './ruled-grid.js';
import { findTableGrid } from './table-grid.js';
import { groupLines, isPrinted } from './text-lines.js';

/** Ground of one colour: so many of the pixels lie within so many levels of the commonest one. */
const evenShare = 0.6;
const evenLevels = 12;
/** Marks are letters up to this many times the height of their median; fewer than `leastLetters` may be a logo. */
const tallestLetter = 2.5;
const leastLetters = 12;
const leastCellLetters = 4;
/** Share of the cells of a table that hold print at least. */
const filledCells = 0.6;
/** Share of the gaps along lines of text that lie between letters or words, and their width in line heights. */
const closeGaps = 0.9;
const wordGap = 1;
/** Space between lines of text in line heights at most. */
const lineGap = 1.8;
/** Marks three pixels thick at most and this many letters long are rules. */
const thinLetters = 3;
/** Slack round a region for its own rules, in mask pixels. */
const ruleSlack = 6;

/**
 * Finds regions that the detector calls an image or a chart, mostly on small pages, although they show nothing but
 * print: a ruled grid with text in its cells is labelled `table`, printed lines `text`. Needs an even ground and marks
 * of one size, so photographs, drawings and plots with their few labels stay what they are. Such text would be lost.
 */
export function tellPictures(page: RgbImage, ink: PageInk, regions: readonly Region[]): Region[] {
  return regions.map((region) => {
    if (region.label !== 'image' && region.label !== 'chart') return region;
    const label = isEven(page, region.box) ? printIn(ink, placeOf(region.box, ink)) : undefined;
    return label ? { ...region, label } : region;
  });
}

function printIn(ink: PageInk, place: Box): LayoutLabel | undefined {
  const isIn = (x: number, y: number, slack: number) =>
    x > place[0] - slack && x < place[2] + slack && y > place[1] - slack && y < place[3] + slack;
  const marks = ink.components.filter(({ x0, y0, x1, y1 }) => isIn((x0 + x1) / 2, (y0 + y1) / 2, ruleSlack));
  const components = marks.filter((mark) => !isThin(mark, ink.letterHeight));
  // A rule that others cross every few letters is left among the components.
  const thin = marks.filter((mark) => isThin(mark, ink.letterHeight));
  const rules = [
    ...ink.rules.filter(([x0, y0, x1, y1]) => isIn((x0 + x1) / 2, (y0 + y1) / 2, ruleSlack)),
    ...thin.map(({ x0, y0, x1, y1 }): Box => [x0, y0, x1, y1]),
  ];
  if (components.length < leastCellLetters || !areLetters(components)) return undefined;
  if (rules.length > 0) return isTable(components, rules, ink) ? 'table' : undefined;
  return isText(components, ink) ? 'text' : undefined;
}

/** Whether a mark is a rule, or the part of one, that was left among the letters. */
export function isThin({ x0, y0, x1, y1 }: InkComponent, letterHeight: number): boolean {
  return Math.min(x1 - x0, y1 - y0) <= 3 && Math.max(x1 - x0, y1 - y0) > letterHeight * thinLetters;
}

function areLetters(components: readonly InkComponent[]): boolean {
  const heights = components.map(({ y0, y1 }) => y1 - y0).sort((a, b) => a - b);
  const most = heights[heights.length >> 1] * tallestLetter;
  return components.every(({ x0, y0, x1, y1 }) => y1 - y0 <= most && x1 - x0 <= most * 4);
}

function isTable(components: readonly InkComponent[], rules: readonly Box[], ink: PageInk): boolean {
  const places = findRuledGrid(rules);
  if (!places) return false;
  const grid = findTableGrid(components, [], rules);
  if (!grid || grid.rowCount < 2) return false;
  const filled = grid.cells.filter(({ lines }) => lines.some((line) => isPrinted(line, ink.letterHeight)));
  return filled.length >= grid.cells.length * filledCells;
}

function isText(components: readonly InkComponent[], ink: PageInk): boolean {
  if (components.length < leastLetters) return false;
  const lines = groupLines(components).filter((line) => isPrinted(line, ink.letterHeight));
  const inLines = lines.reduce((sum, line) => sum + line.components.length, 0);
  if (lines.length === 0 || inLines < components.length * filledCells) return false;
  const heights = lines.map(({ y0, y1 }) => y1 - y0).sort((a, b) => a - b);
  const lineHeight = heights[heights.length >> 1];
  const isStacked = lines.every((line, index) => index === 0 || line.y0 - lines[index - 1].y1 <= lineHeight * lineGap);
  if (!isStacked) return false;
  let gapCount = 0;
  let closeCount = 0;
  for (const line of lines) {
    const sorted = [...line.components].sort((a, b) => a.x0 - b.x0);
    for (let index = 1; index < sorted.length; index++) {
      gapCount++;
      if (sorted[index].x0 - sorted[index - 1].x1 <= lineHeight * wordGap) closeCount++;
    }
  }
  // Numbers along an axis stand apart; so do marks of a plot.
  return gapCount >= leastLetters - lines.length && closeCount >= gapCount * closeGaps;
}

/** Whether most of a box is of one grey; looks at one pixel in four. */
function isEven({ data, width, height }: RgbImage, box: Box): boolean {
  const histogram = new Uint32Array(256);
  let total = 0;
  for (let y = Math.max(0, Math.floor(box[1])); y < Math.min(height, box[3]); y += 2) {
    for (let x = Math.max(0, Math.floor(box[0])); x < Math.min(width, box[2]); x += 2) {
      histogram[data[(y * width + x) * 3 + 1]]++;
      total++;
    }
  }
  const commonest = histogram.indexOf(Math.max(...histogram));
  const near = histogram.subarray(Math.max(0, commonest - evenLevels), commonest + evenLevels + 1);
  return near.reduce((sum, count) => sum + count, 0) >= total * evenShare;
}
