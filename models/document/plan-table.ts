import type { InkedRegion } from '../layout/cover-ink.js';
import type { PageInk } from '../layout/page-ink.js';
import type { Box } from '../layout/region.js';
import type { PageHints } from './page-hints.js';
import type { PlannedBlock } from './page-plan.js';
import { type CropLimits, scaleOf, typicalLineHeight } from './plan-lines.js';

/** White round a table, in line heights. */
const margin = 0.5;

/** A table as one crop, its rules included, scaled so that its print suits the reader. */
export function planTable(
  { place, components, lines }: InkedRegion,
  ink: PageInk,
  { cellSide, maxPixels }: CropLimits,
  hints: PageHints,
): Pick<PlannedBlock, 'crops' | 'cells'> {
  const lineHeight = typicalLineHeight(lines);
  const rules = ink.rules.filter((rule) => isMostlyInside(rule, place));
  const x0 = Math.min(place[0], ...components.map((c) => c.x0), ...rules.map((r) => r[0])) - margin * lineHeight;
  const y0 = Math.min(place[1], ...components.map((c) => c.y0), ...rules.map((r) => r[1])) - margin * lineHeight;
  const x1 = Math.max(place[2], ...components.map((c) => c.x1), ...rules.map((r) => r[2])) + margin * lineHeight;
  const y1 = Math.max(place[3], ...components.map((c) => c.y1), ...rules.map((r) => r[3])) + margin * lineHeight;
  const box = [x0, y0, x1, y1].map((value) => Math.round(value * ink.step)) as unknown as Box;
  const width = box[2] - box[0];
  const height = box[3] - box[1];
  const scale = Math.min(scaleOf(lineHeight * ink.step, hints), Math.sqrt(maxPixels / (width * height)));
  const cells = (length: number) => Math.max(1, Math.round((length * scale) / cellSide)) * cellSide;
  const size = { width: cells(width), height: cells(height) };
  return { crops: [{ box, task: 'table', lineCount: 0, lines: [], size }] };
}

function isMostlyInside(rule: Box, place: Box): boolean {
  const x = (rule[0] + rule[2]) / 2;
  const y = (rule[1] + rule[3]) / 2;
  const slack = 6;
  return x > place[0] - slack && x < place[2] + slack && y > place[1] - slack && y < place[3] + slack;
}
