import type { Box } from '../layout/region.js';
import { columnCount, type HtmlRow, type HtmlTable, readHtmlTable } from './html-table.js';

/** A block, as far as tables that go on over a page break need it. */
export interface TableBlock {
  readonly label: string;
  readonly box: Box;
  readonly text: string;
}

/** A table that was joined to the one before the page break; indexes of blocks within their pages. */
export interface TableJoin {
  readonly page: number;
  readonly block: number;
  /** The table on the page before that took its rows. */
  readonly intoBlock: number;
}

/** What may stand between a table and the end of its page. */
const afterTable: ReadonlySet<string> = new Set([
  'footer',
  'vision_footnote',
  'number',
  'footnote',
  'footer_image',
  'seal',
]);
/** What may stand between the top of a page and the table that goes on. */
const beforeTable: ReadonlySet<string> = new Set(['header', 'header_image', 'number', 'seal']);
const mostHeaderRows = 5;
/** Widths of the two parts may differ by this share of the narrower. */
const widthTolerance = 0.1;
/** Longer texts are no table that somebody printed, and would keep the thread busy. */
const maxLength = 1_000_000;

/**
 * Joins the last table of each page with the first of the next, from the end of the document to its start, so that a
 * table over many pages ends up on its first. Gives the texts of all blocks and which tables were joined.
 * Source: PaddleX's restructuring of pages.
 */
export function joinPageTables(pages: readonly (readonly TableBlock[])[]): {
  readonly texts: string[][];
  readonly joins: TableJoin[];
} {
  const texts = pages.map((blocks) => blocks.map(({ text }) => text));
  const joins: TableJoin[] = [];
  for (let page = pages.length - 1; page > 0; page--) {
    const intoBlock = pages[page - 1].findLastIndex(isTable);
    const block = pages[page].findIndex(isTable);
    if (intoBlock === -1 || block === -1) continue;
    if (!isAdjacent(pages[page - 1], intoBlock, pages[page], block)) continue;
    const joined = joinTables(texts[page - 1][intoBlock], texts[page][block]);
    if (joined === null) continue;
    texts[page - 1][intoBlock] = joined;
    texts[page][block] = '';
    joins.push({ page, block, intoBlock });
  }
  return { texts, joins };
}

function isTable({ label }: TableBlock): boolean {
  return label === 'table';
}

function isAdjacent(
  previous: readonly TableBlock[],
  intoBlock: number,
  current: readonly TableBlock[],
  block: number,
): boolean {
  const before = widthOf(previous[intoBlock]);
  const after = widthOf(current[block]);
  if (before <= 0 || after <= 0) return false;
  return (
    Math.abs(after - before) / Math.min(after, before) < widthTolerance &&
    previous.slice(intoBlock + 1).every(({ label }) => afterTable.has(label)) &&
    current.slice(0, block).every(({ label }) => beforeTable.has(label))
  );
}

function widthOf({ box }: TableBlock): number {
  return box[2] - box[0];
}

/** One table of two, the header of the second left out where it repeats that of the first; null where they differ. */
function joinTables(first: string, second: string): string | null {
  if (first === '' || second === '' || first.length + second.length > maxLength) return null;
  const above = readHtmlTable(first);
  const below = readHtmlTable(second);
  const last = above.rows.at(-1);
  if (!last || below.rows.length === 0) return null;
  const headerCount = countRepeatedRows(above, below);
  if (columnCount(above) !== columnCount(below) && !isSameShape(last, below.rows[headerCount])) return null;
  const rows = below.rows.slice(headerCount).map(({ start, end }) => second.slice(start, end));
  return first.slice(0, last.end) + rows.join('') + first.slice(last.end);
}

/** Rows at the top of both tables that say the same, spaces and full-width forms aside. */
function countRepeatedRows(above: HtmlTable, below: HtmlTable): number {
  const most = Math.min(above.rows.length, below.rows.length, mostHeaderRows);
  let count = 0;
  while (count < most && isSameRow(above.rows[count], below.rows[count])) count++;
  return count;
}

function isSameRow(a: HtmlRow, b: HtmlRow): boolean {
  return (
    a.cells.length === b.cells.length &&
    a.cells.every((cell, index) => {
      const other = b.cells[index];
      return cell.columnSpan === other.columnSpan && plain(cell.text) === plain(other.text);
    })
  );
}

function plain(text: string): string {
  const halfWidth = text.replace(/[\uff01-\uff5e]/g, (mark) => String.fromCharCode(mark.charCodeAt(0) - 0xfee0));
  return halfWidth.replace(/\s+/g, '');
}

function isSameShape(a: HtmlRow, b: HtmlRow | undefined): boolean {
  if (!b) return false;
  const columns = ({ cells }: HtmlRow) => cells.reduce((sum, { columnSpan }) => sum + columnSpan, 0);
  return columns(a) === columns(b) || a.cells.length === b.cells.length;
}
