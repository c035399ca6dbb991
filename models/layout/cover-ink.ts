import type { InkComponent } from './ink-components.js';
import type { PageInk } from './page-ink.js';
import type { Box, LayoutLabel, Region } from './region.js';
import { toStraight } from './straighten-ink.js';
import { findStrayText } from './stray-text.js';
import { groupLines, isPrinted, type TextLine } from './text-lines.js';

/** A region of a page and the ink that belongs to it. */
export interface InkedRegion extends Region {
  /** The region in mask pixels of the straightened page. */
  readonly place: Box;
  readonly components: readonly InkComponent[];
  /** Printed lines, top to bottom; none in pictures. */
  readonly lines: readonly TextLine[];
  /** The detector missed it. */
  readonly isStray: boolean;
}

/** Labels of regions that are kept as pictures. */
export const pictureLabels: ReadonlySet<LayoutLabel> = new Set([
  'image',
  'chart',
  'seal',
  'header_image',
  'footer_image',
]);

/** Components this close to an edge still lie in a region, in letters. */
const edgeTolerance = 0.3;
/** Ink this close to the end of a line continues it, in line heights. */
const lineReach = 1.2;

/**
 * Shares the ink of a page among its regions, each component to one region only, so that nothing is read twice.
 * Ink beside a region's lines extends them; what is still left over and looks like text becomes regions labelled
 * `text`, each in its place in the reading order. Grain, rules and pictures stay out.
 * Answers the regions in reading order, renumbered from 0.
 */
export function coverInk(ink: PageInk, regions: readonly Region[], takeStrays: boolean): InkedRegion[] {
  const places = regions.map(({ box }) => placeOf(box, ink));
  const owned = regions.map((): InkComponent[] => []);
  const left: InkComponent[] = [];
  const tolerance = ink.letterHeight * edgeTolerance;
  for (const component of ink.components) {
    const owner = ownerOf(component, places, tolerance);
    if (owner < 0) left.push(component);
    else owned[owner].push(component);
  }
  rejoinCutLines(owned, regions, ink);
  settleMarks(owned, regions, places, ink.letterHeight);
  const covered = regions.map((region, index): InkedRegion => {
    const isText = !pictureLabels.has(region.label);
    const lines = isText ? printedLines(owned[index], ink) : [];
    return { ...region, place: places[index], components: owned[index], lines, isStray: false };
  });
  const inOrder = covered.sort((a, b) => a.order - b.order);
  const { regions: extended, left: rest } = extendLines(inOrder, left, ink);
  if (takeStrays) {
    for (const stray of findStrayText(rest, extended, ink)) {
      extended.splice(readingPlace(stray.place, extended), 0, stray);
    }
  }
  return extended.map((region, order) => ({ ...region, order }));
}

/**
 * A printed line that the border between two regions runs through comes together again, in the region that holds more
 * of it.
 */
function rejoinCutLines(owned: InkComponent[][], regions: readonly Region[], ink: PageInk): void {
  const isLined = regions.map(({ label }) => !pictureLabels.has(label) && label !== 'table');
  const lines = owned.map((components, index) => (isLined[index] ? groupLines(components) : []));
  const areaOf = (line: TextLine) => line.components.reduce((sum, { area }) => sum + area, 0);
  for (let a = 0; a < regions.length; a++) {
    for (let b = a + 1; b < regions.length; b++) {
      for (const first of lines[a]) {
        const second = lines[b].find((line) => isSameLine(first, line, ink.letterHeight));
        if (!second) continue;
        const [from, to, moved] = areaOf(first) < areaOf(second) ? [a, b, first] : [b, a, second];
        const gone = new Set(moved.components);
        owned[from] = owned[from].filter((component) => !gone.has(component));
        owned[to].push(...moved.components);
      }
    }
  }
}

/** Dots and accents near the border of two regions go to the region of the letter they are nearest to. */
function settleMarks(
  owned: InkComponent[][],
  regions: readonly Region[],
  places: readonly Box[],
  letterHeight: number,
): void {
  const isMark = ({ y0, y1 }: InkComponent) => y1 - y0 < letterHeight * 0.6;
  const isLined = ({ label }: Region) => !pictureLabels.has(label) && label !== 'table';
  for (let a = 0; a < regions.length; a++) {
    for (let b = 0; b < regions.length; b++) {
      if (a === b || !isLined(regions[a]) || !isLined(regions[b])) continue;
      const near = owned[a].filter((mark) => isMark(mark) && gapTo(mark, places[b]) < letterHeight);
      if (near.length === 0) continue;
      const gone = new Set(
        near.filter((mark) => {
          const distance = (index: number) =>
            owned[index].reduce(
              (least, other) => (isMark(other) ? least : Math.min(least, gapBetween(mark, other))),
              1e9,
            );
          return distance(b) < distance(a);
        }),
      );
      owned[a] = owned[a].filter((component) => !gone.has(component));
      owned[b].push(...gone);
    }
  }
}

function gapTo(mark: InkComponent, [x0, y0, x1, y1]: Box): number {
  return gapBetween(mark, { x0, y0, x1, y1 });
}

function gapBetween(
  a: Pick<InkComponent, 'x0' | 'y0' | 'x1' | 'y1'>,
  b: Pick<InkComponent, 'x0' | 'y0' | 'x1' | 'y1'>,
): number {
  return Math.hypot(Math.max(b.x0 - a.x1, a.x0 - b.x1, 0), Math.max(b.y0 - a.y1, a.y0 - b.y1, 0));
}

/** Whether two lines stand on top of one another, letters of one between those of the other. */
function isSameLine(a: TextLine, b: TextLine, letterHeight: number): boolean {
  const height = Math.min(a.y1, b.y1) - Math.max(a.y0, b.y0);
  const width = Math.min(a.x1, b.x1) - Math.max(a.x0, b.x0);
  return height > 0.5 * Math.min(a.y1 - a.y0, b.y1 - b.y0) && width > letterHeight;
}

function printedLines(components: readonly InkComponent[], ink: PageInk): TextLine[] {
  return groupLines(components).filter((line) => isPrinted(line, ink.letterHeight));
}

/** A box of the page as it came, in mask pixels of the straightened page; the tilt no longer widens it. */
export function placeOf([x0, y0, x1, y1]: Box, { step, slope, width, height }: PageInk): Box {
  const [x, y] = toStraight((x0 + x1) / 2 / step, (y0 + y1) / 2 / step, slope, width, height);
  const w = (x1 - x0) / step;
  const h = (y1 - y0) / step;
  const halfWidth = Math.max(w * 0.5 - Math.abs(slope) * h * 0.5, w * 0.25);
  const halfHeight = Math.max(h * 0.5 - Math.abs(slope) * w * 0.5, h * 0.25);
  return [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight];
}

/** The smallest region that holds the middle of a component, -1 for none. */
function ownerOf({ x0, y0, x1, y1 }: InkComponent, places: readonly Box[], tolerance: number): number {
  const x = (x0 + x1) / 2;
  const y = (y0 + y1) / 2;
  let owner = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let index = 0; index < places.length; index++) {
    const [left, top, right, bottom] = places[index];
    if (x < left - tolerance || x > right + tolerance || y < top - tolerance || y > bottom + tolerance) continue;
    const beyond = Math.max(left - x, x - right, top - y, y - bottom, 0);
    const area = (right - left) * (bottom - top) * (1 + beyond);
    if (area < least) {
      owner = index;
      least = area;
    }
  }
  return owner;
}

/** Gives lines the ink that lies right beside them, outwards letter by letter. */
function extendLines(
  regions: readonly InkedRegion[],
  left: readonly InkComponent[],
  ink: PageInk,
): { regions: InkedRegion[]; left: InkComponent[] } {
  const gained = new Map<InkedRegion, InkComponent[]>();
  const reachable = regions.filter(({ label, lines }) => lines.length > 0 && label !== 'table');
  const edges = reachable.flatMap((region) =>
    region.lines.map(({ x0, y0, x1, y1 }) => ({ region, x0, y0, x1, y1, reach: (y1 - y0) * lineReach })),
  );
  let rest = [...left];
  for (let round = 0; round < 3; round++) {
    const missed: InkComponent[] = [];
    for (const component of rest.sort((a, b) => a.x0 - b.x0)) {
      const height = component.y1 - component.y0;
      const edge = edges.find(
        ({ x0, y0, x1, y1, reach }) =>
          Math.min(y1, component.y1) - Math.max(y0, component.y0) > 0.6 * height &&
          height < (y1 - y0) * 1.4 &&
          height > ink.letterHeight * 0.3 &&
          component.x0 < x1 + reach &&
          component.x1 > x0 - reach,
      );
      if (!edge) {
        missed.push(component);
        continue;
      }
      edge.x0 = Math.min(edge.x0, component.x0);
      edge.x1 = Math.max(edge.x1, component.x1);
      gained.set(edge.region, [...(gained.get(edge.region) ?? []), component]);
    }
    if (missed.length === rest.length) break;
    rest = missed;
  }
  const extended = regions.map((region) => {
    const more = gained.get(region);
    if (!more) return region;
    const components = [...region.components, ...more];
    return { ...region, components, lines: printedLines(components, ink) };
  });
  return { regions: extended, left: rest };
}

/** Index at which a place is read: after the lowest region above it in its column, else before the first below. */
function readingPlace([x0, y0, x1]: Box, regions: readonly InkedRegion[]): number {
  let after = -1;
  let lowest = Number.NEGATIVE_INFINITY;
  regions.forEach(({ place }, index) => {
    const isInColumn = Math.min(x1, place[2]) > Math.max(x0, place[0]);
    const middle = (place[1] + place[3]) / 2;
    if (isInColumn && middle <= y0 && place[3] > lowest) {
      after = index;
      lowest = place[3];
    }
  });
  if (after >= 0) return after + 1;
  const before = regions.findIndex(({ place }) => place[1] >= y0);
  return before < 0 ? regions.length : before;
}
