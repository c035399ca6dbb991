import { expect, it } from 'vitest';
import { planLoads } from '../../../router/benchmark/plan-loads.js';

const nothing = { concurrency: null, requests: null, durationMs: null, warmup: null };
const cpu = [{ id: 'cpu:0' }, { id: 'cpu:1' }];

it('is short by default, with as many in flight as the devices can use', () => {
  expect(planLoads(nothing, cpu)).toEqual({
    warmup: 8,
    durationMs: 60_000,
    loads: [
      { concurrency: 1, requestCount: 20 },
      { concurrency: 4, requestCount: 20 },
    ],
    requestCount: 48,
  });
  for (const devices of [[], [...cpu, { id: 'cuda:0' }]]) {
    const { warmup, loads } = planLoads(nothing, devices);
    expect(warmup).toBe(96);
    expect(loads.map(({ concurrency }) => concurrency)).toEqual([1, 32, 96]);
    expect(loads.map(({ requestCount }) => requestCount)).toEqual([20, 128, 384]);
  }
});

it('lasts as long as is said, or sends as many as are said, or ends with the first of both', () => {
  const ends = (options: object) => {
    const { durationMs, loads } = planLoads({ ...nothing, concurrency: [2], ...options }, cpu);
    return [durationMs, loads[0].requestCount];
  };
  expect(ends({ durationMs: 5000 })).toEqual([5000, 1_000_000]);
  expect(ends({ requests: 7 })).toEqual([86_400_000, 7]);
  expect(ends({ requests: 7, durationMs: 5000 })).toEqual([5000, 7]);
});

it('warms up as often as is said', () => {
  expect(planLoads({ ...nothing, warmup: 0 }, cpu)).toMatchObject({ warmup: 0, requestCount: 40 });
});
