import { describe, expect, it } from 'vitest';
import { readInk } from '../../../models/layout/page-ink.js';
import { findTableGrid } from '../../../models/layout/table-grid.js';
import { groupLines } from '../../../models/layout/text-lines.js';
import { blankPage, fillBox, printLine } from '../../support/print-page.js';

type Page = ReturnType<typeof blankPage>;

function gridOf(page: Page) {
  const { components, rules } = readInk(page);
  return findTableGrid(components, groupLines(components), rules);
}

/** Three rows of three columns, 200 by 60 each, boxed in. */
function ruledTable(): Page {
  const page = blankPage(700, 300);
  for (let row = 0; row < 4; row++) fillBox(page, 40, 40 + row * 60, 602, 2);
  for (let column = 0; column < 4; column++) fillBox(page, 40 + column * 200, 40, 2, 182);
  for (let row = 0; row < 3; row++)
    for (let column = 0; column < 3; column++) printLine(page, 60 + column * 200, 60 + row * 60, 9);
  return page;
}

describe('findTableGrid', () => {
  it('takes cells from a full set of rules', () => {
    const grid = gridOf(ruledTable());
    expect([grid?.rowCount, grid?.columnCount, grid?.cells.length]).toEqual([3, 3, 9]);
    expect(grid?.cells.every(({ lines }) => lines.length === 1)).toBe(true);
  });

  it('counts the lines of a cell', () => {
    const page = ruledTable();
    printLine(page, 260, 82, 6);
    const cell = gridOf(page)?.cells.find(({ row, column }) => row === 0 && column === 1);
    expect(cell?.lines).toHaveLength(2);
  });

  it('merges cells where the rule between them is missing', () => {
    const page = ruledTable();
    fillBox(page, 240, 43, 2, 56, 255);
    const grid = gridOf(page);
    expect(grid?.cells).toHaveLength(8);
    expect(grid?.cells[0]).toMatchObject({ row: 0, column: 0, columnSpan: 2, rowSpan: 1 });
  });

  it('takes columns from white gaps and rows from lines where there are no rules', () => {
    const page = blankPage(700, 300);
    for (let row = 0; row < 5; row++)
      for (let column = 0; column < 3; column++) printLine(page, 40 + column * 220, 40 + row * 40, 8);
    const grid = gridOf(page);
    expect([grid?.rowCount, grid?.columnCount]).toEqual([5, 3]);
  });

  it('joins lines that stand closer than rows to one row', () => {
    const page = blankPage(700, 400);
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 3; column++) printLine(page, 40 + column * 220, 40 + row * 80, 8);
      if (row % 2) printLine(page, 260, 66 + row * 80, 8);
    }
    const grid = gridOf(page);
    expect([grid?.rowCount, grid?.columnCount]).toEqual([4, 3]);
    expect(grid?.cells.filter(({ lines }) => lines.length === 2)).toHaveLength(2);
  });

  it('finds none in running text', () => {
    const page = blankPage(700, 300);
    for (let line = 0; line < 5; line++) printLine(page, 40 + (line % 3) * 4, 40 + line * 36, 45);
    expect(gridOf(page)).toBeUndefined();
  });
});
