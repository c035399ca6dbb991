/** How a device that died comes back. */
export interface RestartPlan {
  readonly delayMs: number;
  /** The breaker is open: the device is given up for longer than its back-off. */
  readonly isBroken: boolean;
}

const longestPauseMs = 30_000;
/** Deaths in a row after which a device rests. */
const breakerCount = 5;
const breakerPauseMs = 300_000;

/**
 * `deathCount` deaths in a row, this one included: the pause doubles from `backoffMs` up to 30 s; after five the
 * breaker opens for five minutes. The last device that could still work is never rested beyond its back-off.
 */
export function planRestart(deathCount: number, backoffMs: number, isLast: boolean): RestartPlan {
  const pause = Math.min(longestPauseMs, backoffMs * 2 ** Math.min(20, deathCount - 1));
  const isBroken = deathCount >= breakerCount && !isLast;
  return { delayMs: isBroken ? Math.max(breakerPauseMs, pause) : pause, isBroken };
}
