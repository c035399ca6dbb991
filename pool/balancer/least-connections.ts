import type { BalancerPolicy } from './policy.js';

/** The shard with the fewest crops, whatever they cost. */
export function createLeastConnections(): BalancerPolicy {
  return { choose: (loads) => loads.reduce((best, load) => (load.runningCount < best.runningCount ? load : best)) };
}
