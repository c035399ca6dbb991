import { describe, expect, it } from 'vitest';
import { createPolicy } from '../../../pool/balancer/create-policy.js';
import type { ShardLoad } from '../../../pool/balancer/policy.js';
import { createRandom } from '../../../pool/balancer/random.js';

const load = (name: string, outstandingCost: number, runningCount: number): ShardLoad => ({
  name,
  outstandingCost,
  runningCount,
});

describe.each(['least-cost', 'least-connections', 'round-robin', 'random'] as const)('%s', (name) => {
  it('takes the only shard there is', () => {
    const only = load('cpu:0/0', 9, 9);
    expect(createPolicy(name).choose([only])).toBe(only);
  });

  it('takes one of those it is given', () => {
    const loads = ['a', 'b', 'c'].map((shard) => load(shard, 1, 1));
    const policy = createPolicy(name);
    for (let turn = 0; turn < 20; turn++) expect(loads).toContain(policy.choose(loads));
  });
});

it('least-cost takes the least predicted work, not the fewest crops', () => {
  const loads = [load('a', 100, 1), load('b', 30, 5), load('c', 40, 2)];
  expect(createPolicy('least-cost').choose(loads).name).toBe('b');
});

it('least-cost takes fewer crops where the work is equal', () => {
  expect(createPolicy('least-cost').choose([load('a', 10, 2), load('b', 10, 1)]).name).toBe('b');
});

it('least-connections takes the fewest crops, whatever they cost', () => {
  expect(createPolicy('least-connections').choose([load('a', 1, 3), load('b', 900, 1)]).name).toBe('b');
});

it('round-robin goes round, and past a shard that has no room', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => load(name, 0, 0));
  const policy = createPolicy('round-robin');
  expect(
    [
      [a, b, c],
      [a, b, c],
      [a, c],
      [b, a, c],
      [a, b, c],
    ].map((loads) => policy.choose(loads).name),
  ).toEqual(['a', 'b', 'c', 'a', 'b']);
});

it('random draws evenly', () => {
  const loads = ['a', 'b', 'c', 'd'].map((name) => load(name, 0, 0));
  const draws = [0, 0.26, 0.51, 0.99];
  const policy = createRandom(() => draws.shift() as number);
  expect([0, 1, 2, 3].map(() => policy.choose(loads).name)).toEqual(['a', 'b', 'c', 'd']);
});
