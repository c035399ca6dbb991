import { describe, expect, it } from 'vitest';
import { coverInk } from '../../../models/layout/cover-ink.js';
import { readInk } from '../../../models/layout/page-ink.js';
import type { Box, LayoutLabel, Region } from '../../../models/layout/region.js';
import { blankPage, fillBox, printLine } from '../../support/print-page.js';

const region = (label: LayoutLabel, box: Box, order: number): Region => ({ label, box, score: 0.9, order });

/** Three paragraphs of three lines each, one below the other. */
function threeParagraphs() {
  const page = blankPage(800, 700);
  for (const top of [80, 280, 480]) for (let line = 0; line < 3; line++) printLine(page, 60, top + line * 34, 50);
  return page;
}

describe('coverInk', () => {
  it('gives what no region covers a place between its neighbours', () => {
    const page = threeParagraphs();
    const regions = [region('text', [50, 60, 760, 180], 3), region('text', [50, 460, 760, 580], 8)];
    const covered = coverInk(readInk(page), regions, true);
    expect(covered.map(({ isStray, lines }) => [isStray, lines.length])).toEqual([
      [false, 3],
      [true, 3],
      [false, 3],
    ]);
    expect(covered.map(({ order }) => order)).toEqual([0, 1, 2]);
    expect(covered[1].label).toBe('text');
    expect(covered[1].box[1]).toBe(274);
  });

  it('leaves it alone where that is not wanted', () => {
    const regions = [region('text', [50, 60, 760, 180], 0)];
    expect(coverInk(readInk(threeParagraphs()), regions, false)).toHaveLength(1);
  });

  it('gives every mark to one region, so that nothing is read twice', () => {
    const ink = readInk(threeParagraphs());
    const regions = [region('text', [50, 60, 760, 400], 0), region('text', [50, 260, 760, 580], 1)];
    const covered = coverInk(ink, regions, true);
    expect(covered.flatMap(({ components }) => components)).toHaveLength(450);
    expect(new Set(covered.flatMap(({ components }) => components)).size).toBe(450);
    expect(covered.flatMap(({ lines }) => lines)).toHaveLength(9);
  });

  it('completes a line that a region cuts off', () => {
    const page = threeParagraphs();
    const [first] = coverInk(readInk(page), [region('text', [50, 60, 500, 180], 0)], false);
    expect(first.lines.map(({ components }) => components.length)).toEqual([50, 50, 50]);
  });

  it('mends a line through which the border of two regions runs', () => {
    const page = threeParagraphs();
    const regions = [region('text', [50, 60, 760, 285], 0), region('text', [50, 286, 760, 580], 1)];
    const lines = coverInk(readInk(page), regions, true).flatMap((covered) => covered.lines);
    expect(lines).toHaveLength(9);
    expect(lines.every(({ components }) => components.length === 50)).toBe(true);
  });

  it('takes neither specks, rules nor pictures for text', () => {
    const page = threeParagraphs();
    for (let speck = 0; speck < 60; speck++) fillBox(page, 30 + ((speck * 373) % 740), 600 + ((speck * 71) % 90), 2, 2);
    fillBox(page, 60, 640, 600, 2);
    fillBox(page, 300, 590, 120, 40, 90);
    const text = region('text', [50, 60, 760, 590], 0);
    expect(coverInk(readInk(page), [text], true)).toHaveLength(1);
  });

  it('leaves the lettering of a picture in the picture', () => {
    const covered = coverInk(readInk(threeParagraphs()), [region('image', [40, 50, 780, 600], 0)], true);
    expect(covered).toHaveLength(1);
    expect(covered[0].lines).toEqual([]);
  });
});
