import { expect, it } from 'vitest';
import { planRestart } from '../../pool/restart-policy.js';

it('doubles the pause up to half a minute', () => {
  const pauses = [1, 2, 3, 4, 12].map((deaths) => planRestart(deaths, 500, true).delayMs);
  expect(pauses).toEqual([500, 1000, 2000, 4000, 30_000]);
});

it('opens the breaker after five deaths in a row', () => {
  expect(planRestart(4, 500, false)).toEqual({ delayMs: 4000, isBroken: false });
  expect(planRestart(5, 500, false)).toEqual({ delayMs: 300_000, isBroken: true });
});

it('never rests the last device for longer than its pause', () => {
  expect(planRestart(50, 500, true)).toEqual({ delayMs: 30_000, isBroken: false });
});
