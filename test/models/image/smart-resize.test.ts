import { describe, expect, test } from 'vitest';
import { ModelError } from '../../../models/errors.js';
import { roundHalfEven } from '../../../models/image/round-half-even.js';
import { imageTokenCount, smartResize } from '../../../models/image/smart-resize.js';

const limits = { minPixels: 112_896, maxPixels: 1_003_520, patchSize: 14, mergeSize: 2 };

describe('smartResize', () => {
  test.each([
    // height, width -> height, width, image tokens
    [1684, 1191, 1176, 840, 1260],
    [1080, 1920, 728, 1316, 1222],
    [1000, 1000, 980, 980, 1225],
    [300, 300, 336, 336, 144],
    [64, 64, 336, 336, 144],
    [42, 42, 336, 336, 144],
    [14, 14, 336, 336, 144],
    [40, 600, 112, 1316, 188],
    [20, 600, 84, 1848, 198],
    [98, 1190, 112, 1176, 168],
    [3000, 200, 2996, 196, 749],
  ])('%ix%i becomes %ix%i, %i tokens', (height, width, resizedHeight, resizedWidth, tokens) => {
    expect(smartResize({ height, width }, limits)).toEqual({ height: resizedHeight, width: resizedWidth });
    expect(imageTokenCount({ height, width }, limits)).toBe(tokens);
  });

  test('refuses a side more than 200 times the other', () => {
    const refusal = () => smartResize({ height: 10, width: 3000 }, limits);
    expect(refusal).toThrow(ModelError);
    expect(refusal).toThrow(expect.objectContaining({ code: 'IMAGE_ASPECT_RATIO' }));
    expect(() => smartResize({ height: 28, width: 5600 }, limits)).not.toThrow();
  });

  test('never goes above the limit nor below one cell', () => {
    for (const [height, width] of [
      [30, 5999],
      [5000, 26],
      [9999, 9999],
      [1, 150],
    ]) {
      const size = smartResize({ height, width }, { ...limits, maxPixels: 12_544, minPixels: 784 });
      expect(size.height % 28).toBe(0);
      expect(size.width % 28).toBe(0);
      expect(Math.min(size.height, size.width)).toBeGreaterThanOrEqual(28);
    }
  });
});

test('roundHalfEven rounds halves to even, as Python', () => {
  expect([0.5, 1.5, 2.5, 3.5, -0.5, -1.5, 2.4999, 2.5001].map(roundHalfEven).map((value) => value + 0)).toEqual([
    0, 2, 2, 4, 0, -2, 2, 3,
  ]);
});
