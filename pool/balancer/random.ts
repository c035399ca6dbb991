import type { BalancerPolicy } from './policy.js';

/** Any shard with room. `draw` gives numbers from 0 up to 1. */
export function createRandom(draw: () => number = Math.random): BalancerPolicy {
  return { choose: (loads) => loads[Math.floor(draw() * loads.length)] };
}
