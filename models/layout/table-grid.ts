import type { InkComponent } from './ink-components.js';
import { findOpenGrid } from './open-grid.js';
import type { Box } from './region.js';
import { findRuledGrid } from './ruled-grid.js';
import { groupLines, type TextLine } from './text-lines.js';

/** A cell of a printed table and the ink in it. */
export interface GridCell {
  readonly row: number;
  readonly column: number;
  readonly rowSpan: number;
  readonly columnSpan: number;
  /** Printed lines, top to bottom. */
  readonly lines: readonly TextLine[];
}

/** Rows and columns of a table as rules and white gaps show them. */
export interface TableGrid {
  readonly rowCount: number;
  readonly columnCount: number;
  /** In row order; an area of merged cells appears once. */
  readonly cells: readonly GridCell[];
}

/** Where a cell lies; spans as in `GridCell`. */
export interface GridPlace {
  readonly row: number;
  readonly column: number;
  readonly rowSpan: number;
  readonly columnSpan: number;
  readonly box: Box;
}

/**
 * The grid of a table: from its rules where they box in the cells, else from white columns and the distances between
 * lines. Undefined where neither shows at least two columns.
 */
export function findTableGrid(
  components: readonly InkComponent[],
  lines: readonly TextLine[],
  rules: readonly Box[],
): TableGrid | undefined {
  const places = findRuledGrid(rules) ?? findOpenGrid(lines, rules);
  if (!places) return undefined;
  const rowCount = Math.max(...places.map(({ row, rowSpan }) => row + rowSpan));
  const columnCount = Math.max(...places.map(({ column, columnSpan }) => column + columnSpan));
  if (columnCount < 2 || rowCount < 1) return undefined;
  const members = places.map((): InkComponent[] => []);
  let lost = 0;
  for (const component of components) {
    const x = (component.x0 + component.x1) / 2;
    const y = (component.y0 + component.y1) / 2;
    const index = places.findIndex(({ box }) => x >= box[0] && x < box[2] && y >= box[1] && y < box[3]);
    if (index >= 0) members[index].push(component);
    else lost++;
  }
  // Ink outside every cell means that the grid is not the table's.
  if (lost > components.length * 0.03) return undefined;
  const cells = places.map(({ box: _, ...place }, index) => ({ ...place, lines: groupLines(members[index]) }));
  return { rowCount, columnCount, cells };
}
