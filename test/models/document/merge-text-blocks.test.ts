import { describe, expect, it } from 'vitest';
import { cutCrop } from '../../../models/document/cut-crop.js';
import { mergeTextBlocks } from '../../../models/document/merge-text-blocks.js';
import type { PlannedBlock } from '../../../models/document/page-plan.js';
import type { Box, LayoutLabel } from '../../../models/layout/region.js';
import { blankPage, fillBox } from '../../support/print-page.js';

const block = (label: LayoutLabel, box: Box): PlannedBlock => {
  const isRead = label !== 'image';
  return { label, box, score: 0.9, crops: isRead ? [{ box, task: 'ocr', lineCount: 2, lines: [] }] : [] };
};
const groups = (blocks: readonly PlannedBlock[]) => mergeTextBlocks(blocks).map(({ mergedInto }) => mergedInto ?? null);

describe('mergeTextBlocks', () => {
  it('joins text that goes on at the top of the next column, centred', () => {
    const merged = mergeTextBlocks([block('text', [0, 300, 200, 400]), block('text', [220, 0, 400, 90])]);
    expect(merged[1]).toMatchObject({ crops: [], mergedInto: 0, box: [220, 0, 400, 90] });
    expect(merged[0].crops[0].sheet).toEqual({
      width: 200,
      height: 190,
      pieces: [
        { box: [0, 300, 200, 400], x: 0, y: 0 },
        { box: [220, 0, 400, 90], x: 10, y: 100 },
      ],
    });
  });

  it('joins text that runs round a figure on one side, and puts the figure after the group', () => {
    const figure = block('image', [210, 90, 400, 200]);
    const merged = mergeTextBlocks([block('text', [0, 0, 400, 90]), figure, block('text', [0, 95, 200, 200])]);
    expect(merged.map(({ label }) => label)).toEqual(['text', 'text', 'image']);
    expect(merged[1].mergedInto).toBe(0);
    expect(merged[0].crops[0].sheet?.pieces.map(({ x }) => x)).toEqual([0, 0]);
    const right = mergeTextBlocks([
      block('text', [0, 0, 400, 90]),
      block('image', [0, 95, 190, 200]),
      block('text', [200, 95, 400, 200]),
    ]);
    expect(right[0].crops[0].sheet?.pieces.map(({ x }) => x)).toEqual([0, 200]);
  });

  it('leaves apart what is no continuation', () => {
    const first = block('text', [0, 0, 400, 90]);
    const below = block('text', [0, 95, 200, 200]);
    expect(groups([first, below])).toEqual([null, null]);
    expect(groups([first, block('image', [0, 300, 200, 400]), below])).toEqual([null, null, null]);
    expect(groups([first, block('image', [210, 90, 400, 200]), block('text', [0, 95, 400, 200])])).toEqual([
      null,
      null,
      null,
    ]);
    expect(groups([block('text', [0, 300, 200, 400]), block('text', [260, 0, 400, 90])])).toEqual([null, null]);
    expect(groups([block('abstract', [0, 300, 200, 400]), block('text', [220, 0, 400, 90])])).toEqual([null, null]);
  });

  it('makes no sheet three times as high as wide', () => {
    const tall = [block('text', [0, 300, 100, 450]), block('text', [120, 0, 220, 150])];
    expect(groups(tall)).toEqual([null, null]);
    expect(groups([block('text', [0, 300, 100, 448]), block('text', [120, 0, 220, 150])])).toEqual([null, 0]);
  });

  it('counts a group from where it stands after earlier merges', () => {
    const pair = (y: number) => [block('text', [0, y + 300, 200, y + 400]), block('text', [220, y, 400, y + 90])];
    const title = block('doc_title', [0, 600, 400, 620]);
    expect(groups([...pair(0), title, ...pair(1000)])).toEqual([null, 0, null, null, 3]);
  });

  it('cuts the sheet with the pixels of every piece on white', () => {
    const page = blankPage(400, 400);
    fillBox(page, 0, 300, 200, 100, 50);
    fillBox(page, 220, 0, 180, 90, 90);
    const [{ crops }] = mergeTextBlocks([block('text', [0, 300, 200, 400]), block('text', [220, 0, 400, 90])]);
    const sheet = cutCrop(page, { slope: 0 }, crops[0]);
    const at = (x: number, y: number) => sheet.data[(y * sheet.width + x) * 3];
    expect([sheet.width, sheet.height]).toEqual([200, 190]);
    expect([at(0, 99), at(9, 100), at(10, 100), at(189, 189), at(190, 189)]).toEqual([50, 255, 90, 90, 255]);
  });
});
