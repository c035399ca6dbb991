import { describe, expect, it } from 'vitest';
import { readInk } from '../../../models/layout/page-ink.js';
import { groupLines, isPrinted } from '../../../models/layout/text-lines.js';
import { blankPage, fillBox, printLine } from '../../support/print-page.js';

describe('groupLines', () => {
  it('finds every printed line, short ones too, from top to bottom', () => {
    const page = blankPage(900, 400);
    for (const [line, letters] of [60, 40, 3, 55].entries()) printLine(page, 50, 60 + line * 36, letters);
    const lines = groupLines(readInk(page).components);
    expect(lines.map(({ components }) => components.length)).toEqual([60, 40, 3, 55]);
    expect(lines.map(({ y0 }) => y0)).toEqual([54, 90, 126, 162]);
  });

  it('parts lines whose letters interlock', () => {
    const page = blankPage(900, 200);
    printLine(page, 50, 60, 60);
    // The tall letters of the second line reach above the feet of descenders of the first.
    for (let at = 53; at < 600; at += 90) fillBox(page, at, 72, 4, 8);
    printLine(page, 57, 84, 60);
    expect(groupLines(readInk(page).components)).toHaveLength(2);
  });

  it('gives a dot to the letter below it, not to the line above', () => {
    const page = blankPage(600, 200);
    printLine(page, 50, 60, 40);
    printLine(page, 50, 92, 40);
    fillBox(page, 61, 86, 3, 3);
    const [first, second] = groupLines(readInk(page).components);
    expect([first.components.length, second.components.length]).toEqual([40, 41]);
  });

  it('keeps a character in one piece whose strokes do not touch', () => {
    const page = blankPage(400, 120);
    for (let at = 40; at < 300; at += 30) fillBox(page, at, 40, 22, 22);
    for (const y of [41, 50, 59]) fillBox(page, 310, y, 22, 3);
    const lines = groupLines(readInk(page).components);
    expect(lines).toHaveLength(1);
    expect(lines[0].components).toHaveLength(12);
  });

  it('shares out letters that touch across two lines', () => {
    const page = blankPage(600, 200);
    printLine(page, 50, 60, 40);
    printLine(page, 50, 92, 40);
    fillBox(page, 90, 60, 7, 44);
    const lines = groupLines(readInk(page).components);
    expect(lines).toHaveLength(2);
    expect(lines[0].y1).toBeLessThanOrEqual(lines[1].y0);
  });

  it('has nothing to say about no ink', () => {
    expect(groupLines([])).toEqual([]);
  });
});

describe('isPrinted', () => {
  const line = (width: number, height: number) => {
    const component = { x0: 0, y0: 0, x1: width, y1: height, area: width * height, runs: [] };
    return { x0: 0, y0: 0, x1: width, y1: height, components: [component] };
  };

  it('takes a lone digit', () => expect(isPrinted(line(8, 15), 12)).toBe(true));
  it('refuses a speck', () => expect(isPrinted(line(3, 3), 12)).toBe(false));
  it('refuses a sliver of an upright rule', () => expect(isPrinted(line(2, 40), 12)).toBe(false));
});
