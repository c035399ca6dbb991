import { expect, it } from 'vitest';
import type { CropJob } from '../../pool/crop-job.js';
import type { StepReport } from '../../pool/engine/engine.js';
import { Shard } from '../../pool/shard.js';

const job = (id: number, cost = 10, isSuspect = false) => ({ id, cost, isSuspect }) as CropJob;
const report = (runningCount: number, waitingCount: number): StepReport => ({
  durationMs: 1,
  batchSize: runningCount,
  prefillCount: 0,
  runningCount,
  waitingCount,
  kvBlocksUsed: runningCount,
});
const open = (maxBatch = 32) => {
  const shard = new Shard('cpu:0', 0);
  shard.capacity = { maxBatch, kvBlocksTotal: 100 };
  return shard;
};
/** Fills the shard as the dispatcher does; tells how many crops it took. */
const fill = (shard: Shard, cost: number, from = 1): number => {
  let count = 0;
  while (shard.hasRoom() && count < 1000) shard.add(job(from + count++, cost));
  return count;
};

it('takes nothing before it is ready', () => {
  expect(new Shard('cpu:0', 0).hasRoom()).toBe(false);
});

it('takes about one step of work ahead, not its whole batch', () => {
  expect(fill(open(), 100)).toBe(4);
  expect(fill(open(), 20)).toBe(20);
});

it('takes a few crops whatever they cost', () => {
  expect(fill(open(), 1e6)).toBe(4);
});

it('takes more when it has begun what it had', () => {
  const shard = open();
  fill(shard, 100);
  shard.hear(report(4, 0));
  expect(fill(shard, 100, 100)).toBe(4);
});

it('keeps only the next crops at hand when its batch is full', () => {
  const shard = open(8);
  for (let id = 1; id <= 8; id++) shard.add(job(id));
  shard.hear(report(8, 0));
  expect(fill(shard, 10, 100)).toBe(2);
});

it('keeps only the next crops at hand when its cache is full', () => {
  const shard = open(32);
  for (let id = 1; id <= 6; id++) shard.add(job(id, 100));
  shard.hear(report(2, 4));
  expect(fill(shard, 500, 100)).toBe(0);
});

it('takes a suspect only when it is empty, and nothing beside it', () => {
  const shard = open();
  shard.add(job(1));
  expect(shard.hasRoom(true)).toBe(false);
  shard.remove(1);
  expect(shard.hasRoom(true)).toBe(true);
  shard.add(job(2, 10, true));
  expect(shard.hasRoom()).toBe(false);
  expect(shard.outstandingCost).toBe(10);
});
