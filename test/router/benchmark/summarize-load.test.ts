import { expect, it } from 'vitest';
import { distributionOf } from '../../../router/benchmark/distribution.js';
import type { Sample } from '../../../router/benchmark/sample.js';
import { summarizeLoad } from '../../../router/benchmark/summarize-load.js';

const shape = { kind: 'shape', width: 10, height: 10, outputTokens: 5, pictureCount: 1 } as const;
const sample = (changes: Partial<Sample> = {}): Sample => ({
  totalMs: 500,
  firstMs: 100,
  promptTokens: 300,
  outputTokens: 5,
  imageCount: 1,
  failure: null,
  retryAfterMs: 0,
  ...changes,
});
const summarize = (samples: Sample[], seconds = 2) => summarizeLoad(shape, 4, { samples, seconds, isPartial: false });

it('takes percentiles by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(distributionOf(hundred)).toEqual({ count: 100, mean: 50.5, p50: 50, p90: 90, p99: 99, max: 100 });
  expect(distributionOf([7])).toMatchObject({ p50: 7, p99: 7, max: 7 });
  expect(distributionOf([])).toBeNull();
});

it('tells rates, tokens and the time per token after the first', () => {
  const point = summarize([sample(), sample({ totalMs: 900, outputTokens: 5 })]);
  expect(point).toMatchObject({
    answeredCount: 2,
    failedCount: 0,
    imagesPerSecond: 1,
    outputTokensPerSecond: 5,
    promptTokens: 300,
    outputTokens: 5,
    shortCount: 0,
  });
  expect(point.tokenMs).toMatchObject({ p50: 100, max: 200 });
});

it('leaves failed requests out of every figure but their own', () => {
  const failed = sample({ totalMs: 1, firstMs: null, imageCount: 0, failure: '429 OVERLOADED' });
  const point = summarize([sample(), failed, failed, sample({ failure: 'timeout' })]);
  expect(point).toMatchObject({
    answeredCount: 1,
    failedCount: 3,
    failures: { '429 OVERLOADED': 2, timeout: 1 },
    imagesPerSecond: 0.5,
  });
  expect(point.totalMs).toMatchObject({ count: 1, mean: 500 });
});

it('counts failures under a bounded number of names', () => {
  const { failures } = summarize(Array.from({ length: 50 }, (_, index) => sample({ failure: `request ${index}` })));
  expect(Object.keys(failures)).toHaveLength(21);
  expect(failures).toMatchObject({ 'request 0': 1, other: 30 });
});

it('counts answers that are too short, and says nothing of tokens that were not told', () => {
  expect(summarize([sample({ outputTokens: 4 }), sample()]).shortCount).toBe(1);
  const silent = summarize([sample({ outputTokens: null, promptTokens: null })]);
  expect(silent).toMatchObject({ outputTokens: null, outputTokensPerSecond: null, promptTokens: null, tokenMs: null });
});

it('has figures for a load in which nothing was answered', () => {
  expect(summarize([], 0)).toMatchObject({ answeredCount: 0, imagesPerSecond: 0, totalMs: null, outputTokens: null });
});
