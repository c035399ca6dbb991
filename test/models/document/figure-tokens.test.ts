import { describe, expect, it } from 'vitest';
import { assembleBlock } from '../../../models/document/assemble-block.js';
import { cutCrop } from '../../../models/document/cut-crop.js';
import { takeFigures } from '../../../models/document/figure-tokens.js';
import type { PlannedBlock } from '../../../models/document/page-plan.js';
import type { Box, LayoutLabel } from '../../../models/layout/region.js';
import { blankPage, fillBox } from '../../support/print-page.js';

const block = (label: LayoutLabel, box: Box): PlannedBlock => ({
  label,
  box,
  score: 0.9,
  crops: label === 'table' ? [{ box, task: 'table', lineCount: 0, lines: [] }] : [],
});
const table = block('table', [10, 10, 200, 200]);

describe('takeFigures', () => {
  it('takes the pictures inside a table out of the list, each with its own token', () => {
    const inside = [block('image', [20, 20, 80, 80]), block('image', [100, 20, 160, 80])];
    const around = [block('image', [5, 20, 80, 80]), block('text', [20, 100, 80, 120])];
    const planned = takeFigures([inside[0], table, inside[1], ...around]);
    expect(planned.map(({ label }) => label)).toEqual(['table', 'image', 'text']);
    expect(planned[0].figures?.map(({ token }) => token)).toEqual(['[F3]', '[F2]']);
    expect(planned[0].crops[0].figures).toEqual(planned[0].figures);
  });

  it('gives tokens without the digits 0, 1 and 9, all different, to any number of pictures', () => {
    const many = Array.from({ length: 30 }, (_, index) => block('image', [20 + index, 20, 80 + index, 80]));
    const tokens = takeFigures([table, ...many])[0].figures?.map(({ token }) => token) ?? [];
    expect(new Set(tokens).size).toBe(30);
    expect(tokens.join('')).not.toMatch(/[019]/);
  });

  it('paints the picture over with its token in black', () => {
    const page = blankPage(220, 220);
    fillBox(page, 20, 20, 60, 60, 120);
    const [planned] = takeFigures([table, block('image', [20, 20, 80, 80])]);
    const crop = cutCrop(page, { slope: 0 }, planned.crops[0]);
    const values = new Set(crop.data);
    expect(values).toEqual(new Set([0, 255]));
    // Four characters of five cells and three gaps between them, two pixels a cell.
    const columns = Array.from({ length: crop.width }, (_, x) => x).filter((x) =>
      Array.from({ length: crop.height }, (_, y) => crop.data[(y * crop.width + x) * 3]).includes(0),
    );
    expect(columns[0]).toBeGreaterThanOrEqual(10);
    expect(columns[columns.length - 1]).toBeLessThan(70);
    expect(page.data[(30 * 220 + 30) * 3]).toBe(120);
  });

  it('puts the picture where the reader copied its token', () => {
    const [planned] = takeFigures([table, block('image', [20, 20, 80, 80])]);
    const reading = {
      text: '<fcel>[F2]<fcel>pier<nl>',
      tokenIds: [2],
      logprobs: [-0.1],
      finishReason: 'stop' as const,
    };
    const made = assembleBlock(planned, [reading], 1, { lineBreaks: 'paragraphs' });
    expect(made.text).toBe(
      '<table><tr><td><img src="imgs/img_in_image_box_20_20_80_80.jpg" alt="Image" /></td><td>pier</td></tr></table>',
    );
    expect(made.figures).toEqual([{ label: 'image', box: [20, 20, 80, 80] }]);
  });
});
