import { describe, expect, it } from 'vitest';
import type { RgbImage } from '../../../models/image/rgb-image.js';
import { readInk } from '../../../models/layout/page-ink.js';
import type { Box, LayoutLabel } from '../../../models/layout/region.js';
import { tellPictures } from '../../../models/layout/tell-pictures.js';
import { blankPage, fillBox, printLine } from '../../support/print-page.js';

const told = (page: RgbImage, box: Box, label: LayoutLabel = 'chart') =>
  tellPictures(page, readInk(page), [{ label, box, score: 0.8, order: 0 }])[0].label;

/** A page with print besides, so that the height of its letters is known. */
function page() {
  const made = blankPage(800, 700);
  for (let line = 0; line < 4; line++) printLine(made, 40, 40 + line * 34, 55);
  return made;
}

function frame(made: RgbImage, xs: readonly number[], ys: readonly number[], grey = 0) {
  for (const y of ys) fillBox(made, xs[0], y, xs[xs.length - 1] - xs[0] + 1, 1, grey);
  for (const x of xs) fillBox(made, x, ys[0], 1, ys[ys.length - 1] - ys[0] + 1, grey);
}

describe('tellPictures', () => {
  it('tells a small ruled table of text', () => {
    const made = page();
    frame(made, [40, 200, 360], [250, 290, 330, 370]);
    for (const y of [265, 305, 345]) for (const x of [55, 215]) printLine(made, x, y, y === 265 ? 6 : 2);
    expect(told(made, [38, 248, 364, 374])).toBe('table');
    expect(told(made, [38, 248, 364, 374], 'image')).toBe('table');
  });

  it('tells a table whose upright rules are crossed every few letters', () => {
    const made = blankPage(720, 420);
    for (let line = 0; line < 3; line++) printLine(made, 40, 100 + line * 27, 50);
    frame(made, [40, 140, 232], [195, 231, 267, 303]);
    for (const y of [208, 244, 280]) for (const x of [57, 158]) printLine(made, x, y, y === 208 ? 5 : 2);
    expect(told(made, [40, 194, 234, 305])).toBe('table');
  });

  it('tells printed lines', () => {
    const made = page();
    for (let line = 0; line < 3; line++) printLine(made, 60, 300 + line * 34, 40);
    expect(told(made, [50, 280, 600, 400], 'image')).toBe('text');
  });

  it('leaves a bar chart with axes, grid and labels', () => {
    const made = page();
    frame(made, [120, 700], [250, 320, 390, 460]);
    for (const [index, height] of [120, 160, 60, 190].entries())
      fillBox(made, 160 + index * 130, 460 - height, 60, height, 90);
    for (const y of [250, 320, 390, 460]) printLine(made, 70, y, 3);
    for (let bar = 0; bar < 4; bar++) printLine(made, 165 + bar * 130, 480, 5);
    expect(told(made, [60, 240, 710, 500])).toBe('chart');
  });

  it('leaves a line plot in a grid', () => {
    const made = page();
    frame(made, [120, 260, 400, 540], [250, 320, 390, 460]);
    for (let x = 120; x < 540; x++) fillBox(made, x, Math.round(360 + 80 * Math.sin(x / 60)), 3, 3);
    for (const y of [250, 320, 390, 460]) printLine(made, 70, y, 3);
    for (const x of [120, 260, 400, 540]) printLine(made, x - 10, 475, 2);
    expect(told(made, [60, 240, 560, 500])).toBe('chart');
  });

  it('leaves a photograph and a scatter of marks', () => {
    const photo = page();
    let seed = 7;
    for (let y = 250; y < 500; y++) {
      for (let x = 60; x < 600; x++) {
        seed = (seed * 1103515245 + 12345) & 0x7fffffff;
        fillBox(photo, x, y, 1, 1, 60 + ((x + y) % 130) + ((seed >> 16) % 60));
      }
    }
    expect(told(photo, [60, 250, 600, 500], 'image')).toBe('image');
    const scatter = page();
    for (let mark = 0; mark < 40; mark++) fillBox(scatter, 80 + ((mark * 97) % 500), 260 + ((mark * 61) % 220), 9, 9);
    expect(told(scatter, [60, 250, 600, 500])).toBe('chart');
  });

  it('touches no other label', () => {
    const made = page();
    for (let line = 0; line < 3; line++) printLine(made, 60, 300 + line * 34, 40);
    expect(told(made, [50, 280, 600, 400], 'seal')).toBe('seal');
  });
});
