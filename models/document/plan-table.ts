import type { InkedRegion } from '../layout/cover-ink.js';
import type { PageInk } from '../layout/page-ink.js';
import type { Box } from '../layout/region.js';
import { findTableGrid, type TableGrid } from '../layout/table-grid.js';
import { isThin } from '../layout/tell-pictures.js';
import { groupLines, isPrinted } from '../layout/text-lines.js';
import type { PageHints } from './page-hints.js';
import type { PlannedBlock, PlannedCell, PlannedCrop } from './page-plan.js';
import { type CropLimits, planLines, scaleOf, typicalLineHeight } from './plan-lines.js';

/** White round a table, in line heights. */
const margin = 0.5;

/**
 * A table as one crop, its rules included, scaled so that its print suits the reader. Where the manifest sets limits
 * and the printed grid goes beyond them, or a cell holds several lines, the cells are read one by one.
 */
export function planTable(
  region: InkedRegion,
  ink: PageInk,
  limits: CropLimits,
  hints: PageHints,
): Pick<PlannedBlock, 'crops' | 'cells' | 'grid'> {
  const thin = region.components.filter((component) => isThin(component, ink.letterHeight));
  const components = region.components.filter((component) => !thin.includes(component));
  const lines = thin.length === 0 ? region.lines : groupLines(components);
  const rules = [
    ...ink.rules.filter((rule) => isMostlyInside(rule, region.place)),
    ...thin.map(({ x0, y0, x1, y1 }): Box => [x0, y0, x1, y1]),
  ];
  const found = hints.tableLimits && findTableGrid(components, lines, rules);
  const grid = found && withoutSpecks(found, ink.letterHeight);
  const byCell = grid && planCells(grid, ink, limits, hints);
  if (!grid || !byCell || !hints.tableLimits)
    return { crops: [planWhole({ ...region, components, lines }, rules, ink, limits, hints)] };
  const isBeyond = grid.rowCount > hints.tableLimits.rows || grid.columnCount > hints.tableLimits.columns;
  if (isBeyond || grid.cells.some((cell) => cell.lines.length > 1)) return byCell;
  return {
    crops: [planWhole({ ...region, components, lines }, rules, ink, limits, hints)],
    grid: { ...byCell, rowCount: grid.rowCount, columnCount: grid.columnCount },
  };
}

function withoutSpecks(grid: TableGrid, letterHeight: number): TableGrid {
  const cells = grid.cells.map((cell) => ({
    ...cell,
    lines: cell.lines.filter((line) => isPrinted(line, letterHeight)),
  }));
  return { ...grid, cells };
}

/** Crops of every cell, and where each cell stands. */
function planCells(grid: TableGrid, ink: PageInk, limits: CropLimits, hints: PageHints) {
  const crops: PlannedCrop[] = [];
  const cells = grid.cells.map(({ lines, ...place }): PlannedCell => {
    const firstCrop = crops.length;
    crops.push(...planLines(lines, ink, limits, { ...hints, linesPerCrop: 1 }));
    return { ...place, firstCrop, cropCount: crops.length - firstCrop };
  });
  return { crops, cells };
}

function planWhole(
  { place, components, lines }: InkedRegion,
  rules: readonly Box[],
  ink: PageInk,
  { cellSide, maxPixels }: CropLimits,
  hints: PageHints,
): PlannedCrop {
  const lineHeight = typicalLineHeight(lines);
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
  return { box, task: 'table', lineCount: 0, lines: [], size };
}

function isMostlyInside(rule: Box, place: Box): boolean {
  const x = (rule[0] + rule[2]) / 2;
  const y = (rule[1] + rule[3]) / 2;
  const slack = 6;
  return x > place[0] - slack && x < place[2] + slack && y > place[1] - slack && y < place[3] + slack;
}
