import { beforeEach, expect, it } from 'vitest';
import { CropQueue, type QueueEntry } from '../../pool/crop-queue.js';

interface Entry extends QueueEntry {
  readonly name: string;
}

let clock = 0;
let nextId = 0;
let queue: CropQueue<Entry>;
const entry = (flow: string, cost = 1, priority: Entry['priority'] = 'interactive'): Entry => {
  nextId++;
  return { id: nextId, flow, cost, priority, name: `${flow}${nextId}` };
};
const fill = (flow: string, count: number, cost = 1, priority: Entry['priority'] = 'interactive') => {
  for (let index = 0; index < count; index++) queue.push(entry(flow, cost, priority));
};
const drain = (count = Number.POSITIVE_INFINITY) => {
  const flows: string[] = [];
  while (flows.length < count) {
    const next = queue.shift();
    if (!next) break;
    flows.push(next.flow);
  }
  return flows;
};

beforeEach(() => {
  clock = 0;
  nextId = 0;
  queue = new CropQueue<Entry>({ maxLength: 1000, ageingMs: 5000, now: () => clock });
});

it('gives the crops of one document in their order', () => {
  fill('a', 3);
  expect([queue.shift()?.id, queue.shift()?.id, queue.shift()?.id, queue.shift()]).toEqual([1, 2, 3, null]);
});

it('does not let a long document starve a short one that comes later', () => {
  fill('book', 500);
  drain(100);
  fill('letter', 3);
  // The book gets its share, no more.
  expect(drain(7).filter((flow) => flow === 'letter')).toHaveLength(3);
});

it('shares by cost, not by count', () => {
  fill('heavy', 100, 10);
  fill('light', 100, 1);
  const served = drain(55);
  const heavyCost = served.filter((flow) => flow === 'heavy').length * 10;
  const lightCost = served.filter((flow) => flow === 'light').length;
  expect(Math.abs(heavyCost - lightCost)).toBeLessThanOrEqual(10);
});

it('gives a document that was idle no credit for its absence', () => {
  fill('late', 1);
  drain();
  fill('busy', 100);
  drain(50);
  fill('late', 50);
  const served = drain(40);
  expect(served.filter((flow) => flow === 'busy').length).toBeGreaterThanOrEqual(19);
});

it('does not let a document jump the queue by coming and going', () => {
  fill('patient', 20, 1);
  let greedyCount = 0;
  for (let round = 0; round < 20; round++) {
    fill('greedy', 1, 5);
    const [flow] = drain(1);
    if (flow === 'greedy') greedyCount++;
    else queue.remove('greedy');
  }
  expect(greedyCount).toBeLessThanOrEqual(5);
});

it('serves interactive documents before batch ones', () => {
  fill('scan', 3, 1, 'batch');
  fill('user', 3);
  expect(drain()).toEqual(['user', 'user', 'user', 'scan', 'scan', 'scan']);
});

it('lets batch work that has waited too long compete', () => {
  fill('scan', 10, 1, 'batch');
  fill('user', 100);
  expect(drain(10)).not.toContain('scan');
  clock = 6000;
  expect(drain(2)).toContain('scan');
  // Served once, it waits again.
  expect(drain(10)).not.toContain('scan');
});

it('puts what comes back before what has not been served', () => {
  fill('a', 3);
  const first = queue.shift() as Entry;
  queue.pushFront(first);
  expect(queue.shift()).toBe(first);
});

it('forgets a document at once', () => {
  fill('a', 5, 2);
  fill('b', 1);
  queue.forget('a');
  expect([queue.length, queue.cost]).toEqual([1, 1]);
  expect(drain()).toEqual(['b']);
  expect([queue.length, queue.cost]).toEqual([0, 0]);
});

it('knows its length, its cost and when it is full', () => {
  fill('a', 999, 0.1);
  expect(queue.isFull).toBe(false);
  fill('a', 1, 0.1);
  expect(queue.isFull).toBe(true);
  expect(queue.cost).toBeCloseTo(100);
});

it('passes over flows whose crops are not wanted, and keeps their place', () => {
  fill('local', 2);
  fill('any', 2);
  const next = () => queue.shift(({ flow }) => flow !== 'local')?.flow ?? null;
  expect([next(), next(), next()]).toEqual(['any', 'any', null]);
  expect(queue.length).toBe(2);
  expect(drain()).toEqual(['local', 'local']);
});

it('remembers no more flows than it needs, however many have come and gone', () => {
  fill('once', 1);
  drain();
  expect(queue.flowCount).toBe(0);
  // The queue is never empty from here on, and every flow comes once.
  fill('patient', 1, 1, 'batch');
  for (let index = 0; index < 5000; index++) {
    fill(`passing${index}`, 1);
    drain(1);
  }
  expect(queue.flowCount).toBeLessThan(1100);
  expect(drain()).toEqual(['patient']);
  expect(queue.flowCount).toBe(0);
});
