import { describe, expect, test } from 'vitest';
import { cropProcessor } from '../../../models/image/crop-processor.js';

const config = {
  minPixels: 112_896,
  maxPixels: 1_003_520,
  patchSize: 14,
  mergeSize: 2,
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
  rescaleFactor: 1 / 255,
} as const;

const limits = (...rest: Parameters<typeof cropProcessor> extends [unknown, ...infer Rest] ? Rest : never) => {
  const { minPixels, maxPixels } = cropProcessor(config, ...rest);
  return [minPixels, maxPixels];
};

describe('cropProcessor', () => {
  test('keeps the limits of the model, with more room for spotting', () => {
    expect(limits('ocr')).toEqual([112_896, 1_003_520]);
    expect(limits('spotting')).toEqual([112_896, 1_605_632]);
  });

  test('takes the limits of a request, those of the task first, none of the general ones for spotting', () => {
    const requested = { minPixels: 50_000, maxPixels: 500_000, taskPixels: { table: { maxPixels: 700_000 } } };
    expect(limits('ocr', requested)).toEqual([50_000, 500_000]);
    expect(limits('table', requested)).toEqual([50_000, 700_000]);
    expect(limits('spotting', requested)).toEqual([112_896, 1_605_632]);
  });

  test('never lets a request ask for more than the longest context, nor for less at most than at least', () => {
    expect(limits('ocr', { minPixels: 1e12, maxPixels: 1e12 })).toEqual([16_384 * 784, 16_384 * 784]);
    expect(limits('ocr', { maxPixels: 1000 })).toEqual([1000, 1000]);
  });
});
