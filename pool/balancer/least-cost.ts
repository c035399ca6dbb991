import type { BalancerPolicy } from './policy.js';

/** The shard with the least predicted work left; fewer crops where that is equal. */
export function createLeastCost(): BalancerPolicy {
  return {
    choose: (loads) =>
      loads.reduce((best, load) =>
        load.outstandingCost < best.outstandingCost ||
        (load.outstandingCost === best.outstandingCost && load.runningCount < best.runningCount)
          ? load
          : best,
      ),
  };
}
