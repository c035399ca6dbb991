import { expect, it } from 'vitest';
import { type LoadOptions, runLoad } from '../../../router/benchmark/run-load.js';
import type { Sample, Send } from '../../../router/benchmark/sample.js';

const answered: Sample = {
  totalMs: 1,
  firstMs: 1,
  promptTokens: 1,
  outputTokens: 1,
  imageCount: 1,
  failure: null,
  retryAfterMs: 0,
};

const load = (send: Send, options: Partial<LoadOptions> = {}) =>
  runLoad({
    concurrency: 3,
    requestCount: 10,
    durationMs: 60_000,
    signal: new AbortController().signal,
    send,
    ...options,
  });

it('keeps so many requests in flight, and sends no more than asked', async () => {
  let inFlight = 0;
  const seen: number[] = [];
  const { samples, isPartial } = await load(async () => {
    seen.push(++inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    inFlight--;
    return answered;
  });
  expect(samples).toHaveLength(10);
  expect(isPartial).toBe(false);
  expect(Math.max(...seen)).toBe(3);
});

it('starts nothing after its time, but waits for what is in flight', async () => {
  const { samples } = await load(async () => answered, { durationMs: 0 });
  expect(samples.length).toBe(1);
});

it('counts what was answered when it is called off', async () => {
  const stop = new AbortController();
  let count = 0;
  const { samples, isPartial } = await load(
    async (signal) => {
      if (++count === 5) stop.abort();
      return signal.aborted ? null : answered;
    },
    { signal: stop.signal },
  );
  expect(samples.length).toBeLessThanOrEqual(4);
  expect(isPartial).toBe(true);
});

it('does not storm a target that refuses, and ends the rest when it is called off', async () => {
  const stop = new AbortController();
  let count = 0;
  const running = load(
    async () => {
      count++;
      return { ...answered, failure: '429 OVERLOADED', retryAfterMs: 60_000 };
    },
    { signal: stop.signal },
  );
  await new Promise((resolve) => setImmediate(resolve));
  expect(count).toBe(3);
  stop.abort();
  expect((await running).samples).toHaveLength(3);
});
