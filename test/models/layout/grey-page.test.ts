import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RgbImage } from '../../../models/image/rgb-image.js';
import { toGreyPage } from '../../../models/layout/grey-page.js';
import { arbitraryPage, shifted } from '../../support/arbitrary-page.js';

/** Row by row without what fills rows up. */
function pixelsOf(page: RgbImage, step: number): number[][] {
  const { width, height, stride, data } = toGreyPage(page, step);
  expect(stride % 8).toBe(0);
  return Array.from({ length: height }, (_, y) => [...data.subarray(y * stride, y * stride + width)]);
}

it('averages luma over squares, whichever way the pixels lie in memory', () => {
  fc.assert(
    fc.property(arbitraryPage(26, 9), fc.integer({ min: 1, max: 3 }), (page, step) => {
      const grey = pixelsOf(page, step);
      expect(grey).toEqual(pixelsOf(shifted(page), step));
      if (page.width < step || page.height < step) return;
      grey.forEach((row, y) => {
        row.forEach((value, x) => {
          let sum = 0;
          for (let dy = 0; dy < step; dy++) {
            for (let dx = 0; dx < step; dx++) {
              const at = ((y * step + dy) * page.width + x * step + dx) * 3;
              sum += page.data[at] * 77 + page.data[at + 1] * 150 + page.data[at + 2] * 29;
            }
          }
          expect(value).toBe(Math.floor(sum / (step * step * 256)));
        });
      });
    }),
    { numRuns: 300 },
  );
});
