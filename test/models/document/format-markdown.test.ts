import { describe, expect, it } from 'vitest';
import { blockMarkdown, formatMarkdown } from '../../../models/document/format-markdown.js';
import type { Block } from '../../../models/document/page-result.js';
import { defaultRecipe, paddlexRecipe } from '../../../models/document/recipe-options.js';
import type { LayoutLabel } from '../../../models/layout/region.js';

const block = (label: LayoutLabel, text: string): Block => ({
  label,
  box: [100, 0, 600, 50],
  text,
  confidence: 1,
  order: 1,
});
const pretty = (...blocks: Block[]) => formatMarkdown(blocks, 1000, paddlexRecipe, () => 'imgs/a.jpg');
const plain = (...blocks: Block[]) => formatMarkdown(blocks, 1000, defaultRecipe);

describe('formatMarkdown as PaddleX writes it', () => {
  it('writes titles by their numbering', () => {
    const titles = ['1 Aims', '2.1. Scope', '一、 方法', 'Closing\nwords'].map((text) =>
      block('paragraph_title', text),
    );
    expect(pretty(block('doc_title', 'A long\ntitle'), ...titles)).toBe(
      '# A long title\n\n## 1 Aims\n\n### 2.1 Scope\n\n## 一、 方法\n\n## Closing words',
    );
  });

  it('makes every line break of a text a paragraph', () => {
    expect(pretty(block('text', 'one\ntwo\n\nthree'))).toBe('one\n\ntwo\n\nthree');
  });

  it('centres captions, pictures and tables', () => {
    expect(pretty(block('figure_title', 'Fig. 1'))).toBe('<div style="text-align: center;">Fig. 1</div>\n');
    expect(pretty(block('image', ''))).toContain('<img src="imgs/a.jpg" alt="Image" width="50%" />');
    expect(pretty(block('table', '<table><tr><td>a</td></tr></table>'))).toContain(
      "<table border=1 style='margin: auto;",
    );
  });

  it('leaves ignored labels out and sets the abstract off', () => {
    expect(pretty(block('header', 'Ledger'), block('number', '3'), block('abstract', 'Abstract We met.'))).toBe(
      '## Abstract\nWe met.',
    );
  });
});

describe('formatMarkdown for people', () => {
  it('keeps all that is printed, in order, and pictures only where they have a path', () => {
    expect(plain(block('header', 'Ledger'), block('image', ''), block('text', 'body'), block('number', '3'))).toBe(
      'Ledger\n\nbody\n\n3',
    );
  });

  it('writes lists as lists and keeps other breaks', () => {
    expect(plain(block('text', '• one\n• two'))).toBe('- one\n- two');
    expect(plain(block('text', '18 Quay Street\nPort Ellery'))).toBe('18 Quay Street  \nPort Ellery');
  });

  it('tags a formula with the number beside it', () => {
    expect(plain(block('display_formula', ' $$ x $$ '), block('formula_number', '(3)'))).toBe('$$x \\tag*{(3)}$$');
    expect(plain(block('formula_number', '(3)'))).toBe('(3)');
  });
});

describe('a chart that was read', () => {
  const chart = {
    label: 'chart',
    box: [0, 0, 10, 10],
    text: 'Year | Sales\n1901 | 4 < 5\n1902 | 6',
    confidence: 1,
    order: 1,
  } as const;

  it('is a table whose head is the first line', () => {
    expect(blockMarkdown(chart, 100, { prettifyMarkdown: false })).toBe(
      '<table><thead><tr><th>Year</th><th>Sales</th></tr></thead>' +
        '<tbody><tr><td>1901</td><td>4 &lt; 5</td></tr><tr><td>1902</td><td>6</td></tr></tbody></table>',
    );
    expect(blockMarkdown(chart, 100, { prettifyMarkdown: true })).toContain("<th style='text-align: center;");
  });

  it('stays text without cells, and a picture where one is kept', () => {
    expect(blockMarkdown({ ...chart, text: 'no cells' }, 100, { prettifyMarkdown: false })).toBe('no cells');
    expect(blockMarkdown({ ...chart, text: '' }, 100, { prettifyMarkdown: false }, 'imgs/a.jpg')).toBe(
      '![](imgs/a.jpg)',
    );
  });
});
