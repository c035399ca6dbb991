import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findInk } from '../../../models/layout/ink-mask.js';
import { arbitraryPage } from '../../support/arbitrary-page.js';
import { blankPage, fillBox } from '../../support/print-page.js';

describe('findInk', () => {
  it('marks dark print on light paper and nothing else', () => {
    const page = blankPage(200, 100);
    fillBox(page, 50, 40, 8, 20);
    const { bits, step } = findInk(page);
    expect(step).toBe(1);
    expect(bits.reduce((sum, bit) => sum + bit, 0)).toBe(160);
    expect(bits[50 * 200 + 52]).toBe(1);
  });

  it('marks light print on dark ground', () => {
    const page = blankPage(200, 100);
    fillBox(page, 0, 0, 200, 100, 40);
    fillBox(page, 90, 40, 8, 20, 240);
    expect(findInk(page).bits.reduce((sum, bit) => sum + bit, 0)).toBe(160);
  });

  it('follows uneven light: grey paper is not ink, darker print on it is', () => {
    const page = blankPage(400, 120);
    for (let x = 0; x < 400; x++) fillBox(page, x, 0, 1, 120, 250 - Math.floor(x / 3));
    fillBox(page, 350, 50, 6, 18, 40);
    const { bits, width } = findInk(page);
    expect(bits[59 * width + 352]).toBe(1);
    expect(bits.reduce((sum, bit) => sum + bit, 0)).toBe(108);
  });

  it('takes grain for paper', () => {
    const page = blankPage(300, 300);
    for (let pixel = 0; pixel < 300 * 300; pixel++)
      page.data.fill(225 + ((pixel * 7919) % 17), pixel * 3, pixel * 3 + 3);
    expect(findInk(page).bits.every((bit) => bit === 0)).toBe(true);
  });

  it('works at half the resolution on a page scanned at 300 dpi', () => {
    const page = blankPage(2480, 3508);
    fillBox(page, 1000, 1000, 40, 60);
    const { step, width, height, bits } = findInk(page);
    expect([step, width, height]).toEqual([2, 1240, 1754]);
    expect(bits.reduce((sum, bit) => sum + bit, 0)).toBe(600);
  });

  it('survives a page of one pixel', () => {
    expect(findInk(blankPage(1, 1)).bits).toHaveLength(1);
  });
});

it('marks every pixel by the mean of the 72 pixels round its tile', () => {
  fc.assert(
    fc.property(arbitraryPage(100, 90), (page) => {
      const { width, height, data } = page;
      const grey = Uint8Array.from({ length: width * height }, (_, pixel) => {
        const [red, green, blue] = data.subarray(pixel * 3, pixel * 3 + 3);
        return (red * 77 + green * 150 + blue * 29) >> 8;
      });
      const marked = new Uint8Array(width * height);
      for (let tileY = 0; tileY < height; tileY += 8) {
        for (let tileX = 0; tileX < width; tileX += 8) {
          let [sum, darkCount, area] = [0, 0, 0];
          for (let y = Math.max(0, tileY - 32); y < Math.min(height, tileY + 40); y++) {
            for (let x = Math.max(0, tileX - 32); x < Math.min(width, tileX + 40); x++) {
              sum += grey[y * width + x];
              darkCount += Number(grey[y * width + x] < 110);
              area++;
            }
          }
          const mean = Math.fround(sum / area);
          for (let y = tileY; y < Math.min(height, tileY + 8); y++) {
            for (let x = tileX; x < Math.min(width, tileX + 8); x++) {
              const value = grey[y * width + x];
              const isInk = darkCount > area * 0.55 ? value - mean > 45 : value < mean * 0.85 && mean - value > 14;
              marked[y * width + x] = Number(isInk);
            }
          }
        }
      }
      expect(Buffer.from(findInk(page).bits).equals(marked)).toBe(true);
    }),
  );
});
