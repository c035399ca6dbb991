import type { InkComponent } from './ink-components.js';

/** A printed line: its components and their bounds, in mask pixels of the straightened page. */
export interface TextLine {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  readonly components: readonly InkComponent[];
}

interface OpenLine {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  components: InkComponent[];
}

/** Components whose bounds still count when a letter is compared with a line: a line may bend. */
const rememberedLetters = 12;

/**
 * Groups the components of one text region into printed lines, top to bottom. Works from letters, not from white rows,
 * so that lines whose ascenders and descenders interlock come apart, and short lines count like long ones.
 */
export function groupLines(components: readonly InkComponent[]): TextLine[] {
  if (components.length === 0) return [];
  const tall = tallLetterHeight(components);
  const seeds = components.filter(({ y0, y1 }) => y1 - y0 >= tall * 0.5 && y1 - y0 <= tall * 1.7);
  let lines = joinLevel(growLines(seeds.length > 0 ? seeds : components), tall);
  if (seeds.length > 0) {
    for (const component of components) {
      const height = component.y1 - component.y0;
      if (height > tall * 1.7) splitAmong(lines, component, tall);
    }
    attach(
      lines,
      components.filter(({ y0, y1 }) => y1 - y0 < tall * 0.5),
      tall,
    );
    lines = joinLevel(lines, tall);
  }
  return lines.sort((a, b) => a.y0 + a.y1 - b.y0 - b.y1);
}

/** Height of capitals, ascenders or whole characters: what three quarters of the ink stay below. */
function tallLetterHeight(components: readonly InkComponent[]): number {
  const heights = components.map(({ y0, y1 }) => y1 - y0).sort((a, b) => a - b);
  // Weighted by height: the many thin strokes of some characters and the dots of others must not set the measure.
  const total = heights.reduce((sum, height) => sum + height, 0);
  let seen = 0;
  for (const height of heights) {
    seen += height;
    if (seen >= total * 0.75) return height;
  }
  return heights[heights.length - 1];
}

/**
 * Whether a line holds print rather than specks or leftovers of a rule: something about as tall as a letter and not as
 * thin as a stroke of a ruler, or a row of even marks.
 */
export function isPrinted({ components, x0, x1, y0, y1 }: TextLine, letterHeight: number): boolean {
  const heights = components.map((component) => component.y1 - component.y0);
  const tallest = Math.max(...heights);
  if (tallest < 4 || tallest < letterHeight * 0.35) return false;
  if (x1 - x0 < (y1 - y0) * 0.14) return false;
  return tallest >= letterHeight * 0.6 || components.length >= 3;
}

/** A line that letters join from the left, with the bounds of those that count. */
interface GrowingLine {
  readonly line: OpenLine;
  top: number;
  bottom: number;
}

function growLines(seeds: readonly InkComponent[]): OpenLine[] {
  const growing: GrowingLine[] = [];
  for (const seed of [...seeds].sort((a, b) => a.x0 - b.x0)) {
    let best: GrowingLine | undefined;
    let bestShare = 0.5;
    for (const one of growing) {
      const { top, bottom } = one;
      const share = (Math.min(bottom, seed.y1) - Math.max(top, seed.y0)) / Math.min(bottom - top, seed.y1 - seed.y0);
      if (share > bestShare) {
        best = one;
        bestShare = share;
      }
    }
    if (best) {
      add(best.line, seed);
      const recent = best.line.components.slice(-rememberedLetters);
      best.top = Math.min(...recent.map(({ y0 }) => y0));
      best.bottom = Math.max(...recent.map(({ y1 }) => y1));
    } else {
      const { x0, y0, x1, y1 } = seed;
      growing.push({ line: { x0, y0, x1, y1, components: [seed] }, top: y0, bottom: y1 });
    }
  }
  return growing.map(({ line }) => line);
}

/** Lines at the same height are one printed line; so are the halves of a character whose strokes do not touch. */
function joinLevel(lines: OpenLine[], tall: number): OpenLine[] {
  const joined: OpenLine[] = [];
  for (const line of lines.sort((a, b) => a.y0 - b.y0 || a.x0 - b.x0)) {
    const level = joined.find((other) => {
      const overlap = Math.min(other.y1, line.y1) - Math.max(other.y0, line.y0);
      const together = Math.max(other.y1, line.y1) - Math.min(other.y0, line.y0);
      return overlap > 0.5 * Math.min(other.y1 - other.y0, line.y1 - line.y0) && together < tall * 1.9;
    });
    if (level) for (const component of line.components) add(level, component);
    else joined.push(line);
  }
  return joined;
}

/** A gap beside a letter parts a mark from it less than one above or below: a full stop may stand well off. */
const sidewaysWeight = 0.3;

/**
 * Dots, commas and dashes go to the line of the letter they are nearest to: a dot over an i may lie within the reach
 * of the line above as well. Far from any letter they are specks and are left out.
 */
function attach(lines: readonly OpenLine[], marks: readonly InkComponent[], tall: number): void {
  const letters = lines.map(({ components }) => [...components]);
  for (const mark of marks) {
    let nearest: OpenLine | undefined;
    let least = tall;
    lines.forEach((line, index) => {
      const above = line.y0 - mark.y1;
      const below = mark.y0 - line.y1;
      if (above > tall * 0.6 || below > tall * 0.6) return;
      for (const { x0, y0, x1, y1 } of letters[index]) {
        const dx = Math.max(x0 - mark.x1, mark.x0 - x1, 0) * sidewaysWeight;
        if (dx >= least) continue;
        const distance = Math.hypot(dx, Math.max(y0 - mark.y1, mark.y0 - y1, 0));
        if (distance >= least) continue;
        nearest = line;
        least = distance;
      }
    });
    if (nearest) add(nearest, mark);
  }
}

/** A component that reaches over several lines (letters that touch) is shared out; a tall one on one line joins it. */
function splitAmong(lines: OpenLine[], component: InkComponent, tall: number): void {
  const met = lines.filter(
    (line) =>
      Math.min(line.y1, component.y1) - Math.max(line.y0, component.y0) > 0.5 * (line.y1 - line.y0) &&
      line.x0 < component.x1 + tall &&
      component.x0 < line.x1 + tall,
  );
  if (met.length === 0) {
    lines.push({ x0: component.x0, y0: component.y0, x1: component.x1, y1: component.y1, components: [component] });
    return;
  }
  for (const line of met) {
    const part = { ...component, area: component.area / met.length };
    add(line, { ...part, y0: Math.max(component.y0, line.y0), y1: Math.min(component.y1, line.y1) });
  }
}

function add(line: OpenLine, component: InkComponent): void {
  line.components.push(component);
  line.x0 = Math.min(line.x0, component.x0);
  line.y0 = Math.min(line.y0, component.y0);
  line.x1 = Math.max(line.x1, component.x1);
  line.y1 = Math.max(line.y1, component.y1);
}
