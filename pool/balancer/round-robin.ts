import type { BalancerPolicy } from './policy.js';

/** Each shard in turn, by name; one without room is passed over. */
export function createRoundRobin(): BalancerPolicy {
  let last = '';
  return {
    choose(loads) {
      const sorted = [...loads].sort((a, b) => (a.name < b.name ? -1 : 1));
      const next = sorted.find(({ name }) => name > last) ?? sorted[0];
      last = next.name;
      return next;
    },
  };
}
