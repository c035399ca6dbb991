import type { RgbImage } from '../image/rgb-image.js';
import { findComponents, type InkComponent } from './ink-components.js';
import { findInk, type InkMask } from './ink-mask.js';
import type { Box } from './region.js';
import { removeRules } from './remove-rules.js';
import { estimateSlope, straightenMask } from './straighten-ink.js';

/** The ink of a page after its tilt and its ruled lines are taken out. Lengths are in mask pixels. */
export interface PageInk {
  readonly width: number;
  readonly height: number;
  /** Page pixels per mask pixel. */
  readonly step: number;
  /** Slope of the printed lines on the page as it came; components are given for the straightened page. */
  readonly slope: number;
  /** Typical height of a component that is a letter: near the x-height in Latin print. */
  readonly letterHeight: number;
  readonly components: readonly InkComponent[];
  /** Ruled lines, straightened like the components. */
  readonly rules: readonly Box[];
}

/** Runs of ink this many letters long are ruled lines, not dashes. */
const ruleLetters = 6;
/** Solid components this many letters long are edges of coloured areas. */
const barLetters = 12;

/** Finds the ink of a page: letters and other marks without ruled lines, and how far the print is tilted. */
export function readInk(page: RgbImage): PageInk {
  const raw = findInk(page);
  const rawComponents = findComponents(raw);
  const letterHeight = typicalHeight(rawComponents);
  const slope = estimateSlope(rawComponents, letterHeight);
  const mask: InkMask = straightenMask(raw, slope);
  const rules = removeRules(mask, Math.max(40, letterHeight * ruleLetters), Math.max(3, letterHeight * 0.45));
  const found = slope === 0 && rules.length === 0 ? rawComponents : findComponents(mask);
  const components = found.filter((component) => !isRemnant(component, rules) && !isBar(component, letterHeight));
  return { width: mask.width, height: mask.height, step: mask.step, slope, letterHeight, components, rules };
}

function isBar({ x0, y0, x1, y1, area }: InkComponent, letterHeight: number): boolean {
  const isLong = Math.max(x1 - x0, y1 - y0) > letterHeight * barLetters;
  return isLong && area > (x1 - x0) * (y1 - y0) * 0.85;
}

/** Slivers along the edge of a rule, left where it is thicker or tilted. */
function isRemnant({ x0, y0, x1, y1 }: InkComponent, rules: readonly Box[]): boolean {
  const reach = 3;
  return rules.some(
    (rule) => x0 >= rule[0] - reach && x1 <= rule[2] + reach && y0 >= rule[1] - reach && y1 <= rule[3] + reach,
  );
}

/** Median height of the components, weighted by their width so that grain does not count for much. */
function typicalHeight(components: readonly InkComponent[]): number {
  const letters = components.filter(({ x0, y0, x1, y1 }) => y1 - y0 >= 4 && y1 - y0 <= 90 && x1 - x0 <= 200);
  if (letters.length === 0) return 12;
  letters.sort((a, b) => a.y1 - a.y0 - (b.y1 - b.y0));
  const total = letters.reduce((sum, { x0, x1 }) => sum + x1 - x0, 0);
  let seen = 0;
  for (const { x0, y0, x1, y1 } of letters) {
    seen += x1 - x0;
    if (seen * 2 >= total) return y1 - y0;
  }
  return 12;
}
