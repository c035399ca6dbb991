import { describe, expect, it } from 'vitest';
import { readInk } from '../../../models/layout/page-ink.js';
import { blankPage, fillBox, printLine } from '../../support/print-page.js';

describe('ruled lines', () => {
  it('are told from print, level and upright', () => {
    const page = blankPage(800, 600);
    for (let line = 0; line < 4; line++) printLine(page, 100, 100 + line * 40, 50);
    fillBox(page, 60, 300, 600, 2);
    fillBox(page, 60, 300, 2, 200);
    const { rules, components } = readInk(page);
    expect(rules).toHaveLength(2);
    expect(components).toHaveLength(200);
  });

  it('leave the letters that touch them', () => {
    const page = blankPage(800, 300);
    for (let line = 0; line < 3; line++) printLine(page, 100, 60 + line * 60, 50);
    // An underline that the tails of some letters cross.
    fillBox(page, 100, 195, 500, 2);
    for (const x of [120, 276, 432]) fillBox(page, x, 180, 4, 20);
    const { rules, components } = readInk(page);
    expect(rules).toHaveLength(1);
    expect(components.filter(({ y1 }) => y1 === 200)).toHaveLength(3);
    expect(components.filter(({ x1, x0 }) => x1 - x0 > 60)).toHaveLength(0);
  });

  it('do not include dashes', () => {
    const page = blankPage(800, 300);
    for (let line = 0; line < 3; line++) printLine(page, 100, 60 + line * 60, 50);
    fillBox(page, 700, 120, 26, 2);
    expect(readInk(page).rules).toHaveLength(0);
  });
});
