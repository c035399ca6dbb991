import type { InkedRegion } from './cover-ink.js';
import type { InkComponent } from './ink-components.js';
import type { PageInk } from './page-ink.js';
import type { Box } from './region.js';
import { toTilted } from './straighten-ink.js';
import { groupLines, isPrinted } from './text-lines.js';

/** Blocks taken from left-over ink at most: a page of noise must not become thousands of them. */
const mostStrays = 60;
/** Components larger than this in both directions are pictures, in letters. */
const pictureLetters = 7;
/** Gaps within a line and between the lines of a block, in letters. */
const wordGap = 2.2;
const lineGap = 1.6;

/** Ink that no region covers and that looks like printed lines, as regions labelled `text` without a score. */
export function findStrayText(
  left: readonly InkComponent[],
  regions: readonly InkedRegion[],
  ink: PageInk,
): InkedRegion[] {
  const letter = ink.letterHeight;
  const pictures = left.filter(
    ({ x0, y0, x1, y1 }) => x1 - x0 > letter * pictureLetters && y1 - y0 > letter * pictureLetters,
  );
  const marks = left.filter((component) => {
    const height = component.y1 - component.y0;
    const isLetterSized = height >= letter * 0.35 && height <= letter * pictureLetters && height >= 4;
    return isLetterSized && !pictures.some((picture) => isInside(component, picture));
  });
  return cluster(marks, letter)
    .map((components) => toRegion(components, ink))
    .filter((stray) => looksLikeText(stray, letter) && !isCovered(stray.place, regions))
    .sort((a, b) => b.components.length - a.components.length)
    .slice(0, mostStrays);
}

/** Marks that lie close together, sideways within a line or below one another. */
function cluster(marks: readonly InkComponent[], letter: number): InkComponent[][] {
  const groups: { box: [number, number, number, number]; members: InkComponent[] }[] = [];
  for (const mark of [...marks].sort((a, b) => a.y0 - b.y0 || a.x0 - b.x0)) {
    const { x0, y0, x1, y1 } = mark;
    const size = Math.max(letter, y1 - y0);
    const near = groups.filter(
      ({ box }) =>
        x0 < box[2] + size * wordGap &&
        x1 > box[0] - size * wordGap &&
        y0 < box[3] + size * lineGap &&
        y1 > box[1] - size * lineGap,
    );
    const [first, ...others] = near;
    if (!first) {
      groups.push({ box: [x0, y0, x1, y1], members: [mark] });
      continue;
    }
    first.members.push(mark);
    first.box = union(first.box, [x0, y0, x1, y1]);
    for (const other of others) {
      first.members.push(...other.members);
      first.box = union(first.box, other.box);
      groups.splice(groups.indexOf(other), 1);
    }
  }
  return groups.map(({ members }) => members);
}

function toRegion(components: readonly InkComponent[], ink: PageInk): InkedRegion {
  const { step, slope, width, height } = ink;
  const lines = groupLines(components).filter((line) => isPrinted(line, ink.letterHeight));
  const place = components.reduce<[number, number, number, number]>(
    (box, { x0, y0, x1, y1 }) => union(box, [x0, y0, x1, y1]),
    [width, height, 0, 0],
  );
  const corners = [
    toTilted(place[0], place[1], slope, width, height),
    toTilted(place[2], place[1], slope, width, height),
    toTilted(place[0], place[3], slope, width, height),
    toTilted(place[2], place[3], slope, width, height),
  ];
  const xs = corners.map(([x]) => x * step);
  const ys = corners.map(([, y]) => y * step);
  const box: Box = [
    Math.max(0, Math.floor(Math.min(...xs))),
    Math.max(0, Math.floor(Math.min(...ys))),
    Math.min(width * step, Math.ceil(Math.max(...xs))),
    Math.min(height * step, Math.ceil(Math.max(...ys))),
  ];
  return { label: 'text', box, score: 0, order: 0, place, components, lines, isStray: true };
}

/** Lines of letters of about one size; one or two marks count when they are as large and shaped like capitals or digits. */
function looksLikeText({ components, lines }: InkedRegion, letter: number): boolean {
  if (lines.length === 0) return false;
  const heights = components.map(({ y0, y1 }) => y1 - y0).sort((a, b) => a - b);
  const tallest = heights[heights.length - 1];
  const median = heights[heights.length >> 1];
  const fillOf = ({ area, x0, y0, x1, y1 }: InkComponent) => area / ((x1 - x0) * (y1 - y0));
  const fill = components.reduce((sum, component) => sum + fillOf(component), 0) / components.length;
  if (components.length < 3) {
    const isNarrow = components.every(({ x0, y0, x1, y1 }) => x1 - x0 < (y1 - y0) * 2.5);
    return isNarrow && tallest >= letter * 0.9 && tallest <= letter * 4;
  }
  const alike = heights.filter((height) => height >= median * 0.5 && height <= median * 2.2).length;
  return median >= letter * 0.45 && alike >= components.length * 0.7 && fill > 0.2 && fill < 0.93;
}

/** Letters over a picture or in a table belong to it. */
function isCovered(place: Box, regions: readonly InkedRegion[]): boolean {
  const area = (place[2] - place[0]) * (place[3] - place[1]);
  return regions.some(({ place: other }) => {
    const width = Math.min(place[2], other[2]) - Math.max(place[0], other[0]);
    const height = Math.min(place[3], other[3]) - Math.max(place[1], other[1]);
    return width > 0 && height > 0 && width * height > area * 0.6;
  });
}

function isInside(component: InkComponent, outer: InkComponent): boolean {
  return component.x0 >= outer.x0 && component.x1 <= outer.x1 && component.y0 >= outer.y0 && component.y1 <= outer.y1;
}

function union(a: readonly number[], b: readonly number[]): [number, number, number, number] {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}
