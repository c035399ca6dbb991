const tagPattern = /<(fcel|ecel|lcel|ucel|xcel)>/;
const anyTag = /<(?:fcel|ecel|lcel|ucel|xcel)>/g;

type Tag = 'fcel' | 'ecel' | 'lcel' | 'ucel' | 'xcel';

interface OtslCell {
  readonly tag: Tag;
  readonly text: string;
}

/** A cell of an HTML table and where it starts. */
export interface HtmlCell {
  readonly row: number;
  readonly column: number;
  readonly rowSpan: number;
  readonly columnSpan: number;
  /** Plain text. */
  readonly text: string;
}

/**
 * The HTML of a table in OTSL (`<fcel>` text, `<ecel>` empty, `<lcel>`/`<ucel>`/`<xcel>` continue the cell to the left,
 * above, both; `<nl>` ends a row). Ragged rows are padded or cut to the width most of them agree on.
 * Empty when the text holds no cells. Written after PaddleX's conversion; unlike it, a text cell without text is
 * an empty cell.
 */
export function otslToHtml(otsl: string): string {
  const rows = squareRows(parseRows(otsl.trim()));
  return rows.length === 0 ? '' : cellsToHtml(cellsOf(rows), rows.length);
}

/** Rows and columns of a table in OTSL, after ragged rows are squared; both 0 without cells. */
export function otslSize(otsl: string): { readonly rowCount: number; readonly columnCount: number } {
  const rows = squareRows(parseRows(otsl.trim()));
  return { rowCount: rows.length, columnCount: rows[0]?.length ?? 0 };
}

/** Plain `<table>` of cells sorted by row and column; every cell a `td`, text escaped, spans only where above 1. */
export function cellsToHtml(cells: readonly HtmlCell[], rowCount: number): string {
  const rows = Array.from({ length: rowCount }, () => '');
  for (const { row, rowSpan, columnSpan, text } of cells) {
    const spans = `${rowSpan > 1 ? ` rowspan="${rowSpan}"` : ''}${columnSpan > 1 ? ` colspan="${columnSpan}"` : ''}`;
    rows[row] += `<td${spans}>${escapeHtml(text.trim())}</td>`;
  }
  return `<table>${rows.map((row) => `<tr>${row}</tr>`).join('')}</table>`;
}

/** Escapes `& < > " '` as Python's `html.escape`. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#x27;');
}

function parseRows(otsl: string): OtslCell[][] {
  return otsl.split('<nl>').flatMap((line) => {
    if (!tagPattern.test(line)) return [];
    const tags = line.match(anyTag) ?? [];
    const texts = line.split(anyTag).slice(1);
    return [tags.map((tag, index): OtslCell => ({ tag: tag.slice(1, -1) as Tag, text: texts[index].trim() }))];
  });
}

/** The width that costs the least padding and cutting, between the last text of any row and the longest row. */
function squareRows(rows: readonly OtslCell[][]): OtslCell[][] {
  if (rows.length < 2) return rows.map((row) => [...row]);
  const lengths = rows.map((row) => row.length);
  const least = Math.max(...rows.map((row) => row.findLastIndex(({ tag }) => tag === 'fcel') + 1));
  const most = Math.max(...lengths);
  let width = Math.max(least, 1);
  let leastCost = Number.POSITIVE_INFINITY;
  for (let candidate = width; candidate <= most; candidate++) {
    const cost = lengths.reduce((sum, length) => sum + Math.abs(length - candidate), 0);
    if (cost < leastCost) {
      width = candidate;
      leastCost = cost;
    }
  }
  return rows.map((row) =>
    Array.from({ length: width }, (_, column): OtslCell => row[column] ?? { tag: 'ecel', text: '' }),
  );
}

function cellsOf(rows: readonly OtslCell[][]): HtmlCell[] {
  const cells: HtmlCell[] = [];
  const owners = rows.map((row) => row.map(() => -1));
  rows.forEach((cellsOfRow, row) => {
    cellsOfRow.forEach(({ tag, text }, column) => {
      if (tag !== 'fcel' && tag !== 'ecel') return;
      let columnSpan = 1;
      while (['lcel', 'xcel'].includes(cellsOfRow[column + columnSpan]?.tag)) columnSpan++;
      let rowSpan = 1;
      while (['ucel', 'xcel'].includes(rows[row + rowSpan]?.[column]?.tag)) rowSpan++;
      for (let y = row; y < row + rowSpan; y++) owners[y].fill(cells.length, column, column + columnSpan);
      cells.push({ row, column, rowSpan, columnSpan, text });
    });
  });
  // A later cell may have taken the place where an earlier one starts; only cells that still own it are printed.
  return cells.filter(({ row, column }, index) => owners[row][column] === index);
}
