import type { PoolSettings } from '#config';
import { createLeastConnections } from './least-connections.js';
import { createLeastCost } from './least-cost.js';
import type { BalancerPolicy } from './policy.js';
import { createRandom } from './random.js';
import { createRoundRobin } from './round-robin.js';

const factories: Readonly<Record<PoolSettings['policy'], () => BalancerPolicy>> = {
  'least-cost': createLeastCost,
  'least-connections': createLeastConnections,
  'round-robin': createRoundRobin,
  random: () => createRandom(),
};

/** The policy a setting names. */
export function createPolicy(name: PoolSettings['policy']): BalancerPolicy {
  return factories[name]();
}
