import { describe, expect, it } from 'vitest';
import { cutCrop } from '../../../models/document/cut-crop.js';
import type { PageHints } from '../../../models/document/page-hints.js';
import { planPage } from '../../../models/document/plan-page.js';
import { defaultRecipe } from '../../../models/document/recipe-options.js';
import type { RgbImage } from '../../../models/image/rgb-image.js';
import type { Box, LayoutLabel, Region } from '../../../models/layout/region.js';
import { blankPage, fillBox, printLine } from '../../support/print-page.js';

const limits = { cellSide: 28, minPixels: 12_544, maxPixels: 401_408 };
const byLine: PageHints = {
  lineBreaks: 'printed',
  linesPerCrop: 1,
  lineHeight: { least: 14, best: 20 },
  maxLineWidth: 1250,
  tasks: ['ocr', 'table'],
  tableLimits: { rows: 10, columns: 6 },
};
const region = (label: LayoutLabel, box: Box, order = 0): Region => ({ label, box, score: 0.9, order });
const plan = (page: RgbImage, regions: readonly Region[], hints = byLine) =>
  planPage(page, regions, { recipe: defaultRecipe, hints, limits });

function paragraph(lineCount: number, pitch = 34) {
  const page = blankPage(900, 900);
  for (let line = 0; line < lineCount; line++) printLine(page, 60, 80 + line * pitch, 60);
  return page;
}

describe('planPage for a reader of single lines', () => {
  it('cuts every printed line for itself, within the limits, in whole cells', () => {
    const { blocks } = plan(paragraph(5), [region('text', [50, 60, 860, 240])]);
    expect(blocks[0].crops).toHaveLength(5);
    for (const { size, lineCount, maxTokens } of blocks[0].crops) {
      expect(lineCount).toBe(1);
      expect([(size?.width ?? 1) % 28, (size?.height ?? 1) % 28]).toEqual([0, 0]);
      const pixels = (size?.width ?? 0) * (size?.height ?? 0);
      expect(pixels).toBeGreaterThanOrEqual(limits.minPixels);
      expect(pixels).toBeLessThanOrEqual(limits.maxPixels);
      expect(maxTokens).toBeLessThan(400);
    }
  });

  it('feeds no sliver of a neighbouring line', () => {
    const page = paragraph(3, 22);
    const planned = plan(page, [region('text', [50, 60, 860, 160])]);
    const crop = planned.blocks[0].crops[1];
    const image = cutCrop(page, planned, crop);
    expect([image.width, image.height]).toEqual([crop.size?.width, crop.size?.height]);
    const edges = [...image.data.subarray(0, image.width * 3), ...image.data.subarray(-image.width * 3)];
    expect(Math.min(...edges)).toBeGreaterThan(200);
    expect(Math.min(...image.data)).toBeLessThan(80);
  });

  it('shrinks large print and enlarges print that is too small', () => {
    const page = blankPage(900, 600);
    for (let at = 60; at < 800; at += 60) fillBox(page, at, 80, 40, 70);
    const { size, box } = plan(page, [region('doc_title', [50, 60, 860, 170])]).blocks[0].crops[0];
    expect((size?.height ?? 0) / (box[3] - box[1])).toBeCloseTo(20 / 70, 1);
  });

  it('cuts a line too wide for the reader between words', () => {
    const page = blankPage(3000, 400);
    printLine(page, 40, 100, 240);
    const { crops } = plan(page, [region('text', [20, 60, 2980, 160])]).blocks[0];
    expect(crops.length).toBeGreaterThan(1);
    expect(crops.map(({ continuesLine }) => continuesLine ?? false)).toEqual([
      false,
      ...crops.slice(1).map(() => true),
    ]);
    expect(Math.max(...crops.map(({ size }) => size?.width ?? 0))).toBeLessThanOrEqual(1250 + 28);
  });

  it('does not read pictures, reads unknown tasks as text and a table in one crop', () => {
    const page = paragraph(8, 60);
    for (let band = 0; band < 12; band++) fillBox(page, 40 + band * 70, 60, 70, 60, 40 + band * 15);
    const { blocks } = plan(page, [
      region('image', [40, 60, 880, 120], 0),
      region('display_formula', [40, 130, 880, 180], 1),
      region('table', [40, 190, 880, 320], 2),
    ]);
    expect(blocks[0].crops).toEqual([]);
    expect(blocks[1].crops.map(({ task }) => task)).toEqual(['ocr']);
    expect(blocks[2].crops.map(({ task }) => task)).toEqual(['table']);
  });

  it('levels a tilted page', () => {
    const page = blankPage(1000, 700);
    for (let line = 0; line < 8; line++) printLine(page, 80, 120 + line * 50, 70, 0.02);
    const planned = plan(page, [region('text', [60, 80, 940, 540])]);
    expect(planned.slope).toBeCloseTo(0.02, 2.6);
    expect(planned.blocks[0].crops).toHaveLength(8);
    expect(planned.blocks[0].crops.every(({ size }) => size?.height === 28)).toBe(true);
  });

  it('reads nothing on blank paper', () => {
    expect(plan(blankPage(600, 800), [region('text', [50, 50, 500, 500])]).blocks).toEqual([]);
    expect(plan(blankPage(600, 800), []).blocks).toEqual([]);
  });

  it('stays bounded on noise', () => {
    const page = blankPage(800, 1000);
    let state = 7;
    for (let pixel = 0; pixel < 800 * 1000; pixel++) {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      page.data.fill(state >> 23, pixel * 3, pixel * 3 + 3);
    }
    const { blocks } = plan(page, [region('text', [0, 0, 800, 1000])]);
    const tokens = blocks.flatMap(({ crops }) => crops).reduce((sum, { maxTokens = 0 }) => sum + maxTokens, 0);
    expect(tokens).toBeLessThan(60_000);
  });

  it.each([
    [1, 1],
    [1, 5000],
    [20_000, 20],
  ])('takes a picture of %i x %i pixels', (width, height) => {
    expect(() => plan(blankPage(width, height), [region('text', [0, 0, width, height])])).not.toThrow();
  });
});

describe('planPage for a reader of whole blocks', () => {
  const whole: PageHints = { lineBreaks: 'paragraphs' };

  it('takes a block as it was detected', () => {
    const { blocks, slope } = plan(paragraph(5), [region('text', [50, 60, 860, 240])], whole);
    expect(slope).toBe(0);
    expect(blocks[0].crops).toHaveLength(1);
    expect(blocks[0].crops[0]).toMatchObject({ box: [50, 60, 860, 240], lineCount: 5 });
    expect(blocks[0].crops[0].size).toBeUndefined();
  });

  it('splits one too large for the limits between printed lines', () => {
    const page = blankPage(1600, 1500);
    for (let line = 0; line < 40; line++) printLine(page, 60, 60 + line * 34, 110);
    const { crops } = plan(page, [region('text', [0, 20, 1600, 1460])], whole).blocks[0];
    expect(crops.length).toBeGreaterThan(1);
    expect(crops.reduce((sum, { lineCount }) => sum + lineCount, 0)).toBe(40);
    for (const { box, lines } of crops) {
      expect(lines.every((line) => line[1] >= box[1] && line[3] <= box[3])).toBe(true);
    }
  });
});
