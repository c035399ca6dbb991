import { expect, it } from 'vitest';
import { createThroughputMeter } from '../../pool/throughput-meter.js';

it('reckons with one for each worker until it has seen enough', () => {
  let now = 0;
  const meter = createThroughputMeter(() => now);
  meter.setBusy(1);
  now = 100;
  meter.complete(1000);
  expect(meter.rate(3)).toBe(3);
});

it('measures busy time only, recent time most', () => {
  let now = 0;
  const meter = createThroughputMeter(() => now);
  for (let second = 0; second < 180; second++) {
    meter.setBusy(1);
    now += 1000;
    meter.complete(second < 90 ? 1000 : 4000);
    meter.setBusy(0);
    now += 60_000;
  }
  const rate = meter.rate(1);
  expect(rate).toBeGreaterThan(3.3);
  expect(rate).toBeLessThan(4);
});

it('tells from one busy worker what all of them can do', () => {
  let now = 0;
  const meter = createThroughputMeter(() => now);
  for (const busyCount of [1, 4, 2]) {
    meter.setBusy(busyCount);
    now += 1000;
    meter.complete(busyCount * 500);
  }
  meter.setBusy(0);
  expect(meter.rate(8)).toBeCloseTo(4, 1);
});
