import { describe, expect, it } from 'vitest';
import { cropMargin } from '../../../models/document/crop-margin.js';
import { blankPage, fillBox } from '../../support/print-page.js';

describe('cropMargin', () => {
  it('keeps the bounds of what is darker than 200 of 255 after stretching', () => {
    const image = blankPage(100, 60);
    fillBox(image, 20, 10, 30, 20, 55);
    // 55 + 200 * 200 / 255 = 211.9: the first is ink, the second is not.
    fillBox(image, 50, 10, 5, 20, 211);
    fillBox(image, 60, 10, 5, 20, 213);
    const cut = cropMargin(image);
    expect([cut.width, cut.height]).toEqual([35, 20]);
    expect(cut.data[0]).toBe(55);
  });

  it('leaves pictures without contrast and specks as they are', () => {
    const blank = blankPage(40, 30);
    expect(cropMargin(blank)).toBe(blank);
    const thin = blankPage(40, 30);
    fillBox(thin, 4, 10, 30, 2);
    expect(cropMargin(thin)).toBe(thin);
  });
});
