import { describe, expect, it } from 'vitest';
import { readInk } from '../../../models/layout/page-ink.js';
import { toStraight, toTilted } from '../../../models/layout/straighten-ink.js';
import { blankPage, printLine } from '../../support/print-page.js';

function tiltedPage(slope: number) {
  const page = blankPage(1000, 800);
  for (let line = 0; line < 12; line++) printLine(page, 80, 120 + line * 45, 70, slope);
  return page;
}

describe('tilt of a page', () => {
  it.each([0.0175, -0.0175, 0.04])('is found: slope %f', (slope) => {
    expect(readInk(tiltedPage(slope)).slope).toBeCloseTo(slope, 2.6);
  });

  it('of a straight page is nothing', () => {
    expect(readInk(tiltedPage(0)).slope).toBe(0);
  });

  it('is not guessed from a handful of marks', () => {
    const page = blankPage(400, 300);
    printLine(page, 40, 100, 8, 0.03);
    expect(readInk(page).slope).toBe(0);
  });

  it('maps points there and back', () => {
    const [u, v] = toTilted(900, 100, 0.03, 1000, 800);
    const [x, y] = toStraight(u, v, 0.03, 1000, 800);
    expect(x).toBeCloseTo(900, 6);
    expect(y).toBeCloseTo(100, 6);
  });
});
