/** A table written in HTML, as far as joining two of them needs it. */
export interface HtmlTable {
  readonly html: string;
  readonly rows: readonly HtmlRow[];
}

export interface HtmlRow {
  /** The row in `html`, tags included. */
  readonly start: number;
  readonly end: number;
  readonly cells: readonly HtmlCell[];
}

export interface HtmlCell {
  /** What a person reads in the cell. */
  readonly text: string;
  readonly columnSpan: number;
  readonly rowSpan: number;
}

/** HTML's own limit for `colspan`; larger numbers are mistakes or attacks. */
const maxSpan = 1000;

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  '#x27': "'",
  '#39': "'",
  nbsp: ' ',
};

/** Reads rows and cells in one pass; rows of nested tables count as rows. What is not a table has no rows. */
export function readHtmlTable(html: string): HtmlTable {
  const rows: HtmlRow[] = [];
  let rowStart = -1;
  let cells: HtmlCell[] = [];
  let cell: { readonly attributes: string; readonly start: number } | null = null;
  for (const match of html.matchAll(/<(\/?)(tr|td|th)\b([^<>]*)>/gi)) {
    const [tag, slash, name, attributes] = match;
    const isRow = name.toLowerCase() === 'tr';
    // An opening tag ends what its author forgot to close.
    if (cell) {
      cells.push(toCell(cell.attributes, html.slice(cell.start, match.index)));
      cell = null;
    }
    if (!isRow) {
      if (!slash) cell = { attributes, start: match.index + tag.length };
      continue;
    }
    if (slash && rowStart !== -1) {
      rows.push({ start: rowStart, end: match.index + tag.length, cells });
      rowStart = -1;
    }
    if (!slash) rowStart = match.index;
    cells = [];
  }
  return { html, rows };
}

/** Columns of the whole table, spans counted. */
export function columnCount({ rows }: HtmlTable): number {
  // Per column, the first row below what stands in it.
  const freeFrom: number[] = [];
  let most = 0;
  for (const [row, { cells }] of rows.entries()) {
    let column = 0;
    for (const { columnSpan, rowSpan } of cells) {
      while ((freeFrom[column] ?? 0) > row) column++;
      for (let end = column + columnSpan; column < end; column++) freeFrom[column] = row + rowSpan;
    }
    most = Math.max(most, column);
  }
  return most;
}

function toCell(attributes: string, html: string): HtmlCell {
  const text = html
    .replace(/<[^<>]*>/g, '')
    .replace(/&(#?\w{1,6});/g, (whole, name: string) => entities[name.toLowerCase()] ?? whole);
  return { text, columnSpan: readSpan(attributes, 'colspan'), rowSpan: readSpan(attributes, 'rowspan') };
}

function readSpan(attributes: string, name: 'colspan' | 'rowspan'): number {
  const digits = new RegExp(`\\b${name}\\s?=\\s?["']?(\\d{1,6})`, 'i').exec(attributes)?.[1];
  return Math.min(maxSpan, Math.max(1, Number(digits ?? 1)));
}
