import { expect, it } from 'vitest';
import { createThroughputMeter } from '../../pool/throughput-meter.js';

it('says what is expected until it has seen enough', () => {
  let now = 0;
  const meter = createThroughputMeter(() => now);
  meter.setBusy(true);
  now = 100;
  meter.complete(1000);
  expect(meter.rate(3)).toBe(3);
});

it('measures busy time only, recent time most', () => {
  let now = 0;
  const meter = createThroughputMeter(() => now);
  for (let second = 0; second < 60; second++) {
    meter.setBusy(true);
    now += 1000;
    meter.complete(second < 30 ? 1000 : 4000);
    meter.setBusy(false);
    now += 60_000;
  }
  const rate = meter.rate(1);
  expect(rate).toBeGreaterThan(3.3);
  expect(rate).toBeLessThan(4);
});
