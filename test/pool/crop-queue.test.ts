import { beforeEach, expect, it } from 'vitest';
import { CropQueue, mostLagMs, type QueueEntry } from '../../pool/crop-queue.js';

type Entry = QueueEntry;

let clock = 0;
let nextId = 0;
let queue: CropQueue<Entry>;
interface FillOptions extends Partial<Pick<Entry, 'cost' | 'priority' | 'part'>> {
  readonly count?: number;
}
/** A page, all of whose entries come at once, unless `part` says otherwise. */
const fill = (flow: string, { count = 1, cost = 1, priority = 'interactive', part = 0 }: FillOptions = {}) => {
  for (let index = 0; index < count; index++) queue.push({ id: nextId++, flow, part, cost, priority });
};
/** One worker: the clock moves on by what is served. */
const drain = (count = Number.POSITIVE_INFINITY) => {
  const flows: string[] = [];
  while (flows.length < count) {
    const next = queue.shift();
    if (!next) break;
    clock += next.cost;
    flows.push(next.flow);
  }
  return flows;
};

beforeEach(() => {
  clock = 0;
  nextId = 0;
  queue = new CropQueue<Entry>({ maxLength: 1000, ageingMs: 5000, now: () => clock });
});

it('gives the crops of one page in their order', () => {
  fill('a', { count: 3 });
  expect([queue.shift()?.id, queue.shift()?.id, queue.shift()?.id, queue.shift()]).toEqual([0, 1, 2, null]);
});

it('serves pages of one length as they come', () => {
  for (const flow of ['a', 'b', 'c']) {
    fill(flow, { count: 2 });
    clock++;
  }
  expect(drain()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
});

it('lets a short page overtake a long one, for a while only', () => {
  fill('long', { count: 10, cost: 100 });
  const order: string[] = [];
  while (queue.length > 0) {
    // A short page comes whenever the last one is done: without end, were it not for the clock.
    if (!order.includes('long')) fill(`short ${clock}`, { cost: 50, part: clock });
    order.push(...drain(1));
  }
  const before = order.indexOf('long');
  // It is overtaken while what comes would be done, alone, before it: 1000 ms from its arrival.
  expect(before).toBeGreaterThanOrEqual(18);
  expect(before).toBeLessThanOrEqual(20);
});

it('does not let a long document starve a short one that comes later', () => {
  for (let part = 0; part < 500; part++) fill('book', { count: 10, cost: 10, part });
  drain(100);
  fill('letter', { count: 3, cost: 10 });
  // The page of the book that is due, and then the letter.
  expect(drain(13).filter((flow) => flow === 'letter')).toHaveLength(3);
});

it('shares by cost, not by count', () => {
  for (let part = 0; part < 100; part++) {
    fill('heavy', { cost: 10, part });
    fill('light', { cost: 1, part });
  }
  const served = drain(55);
  const heavyCost = served.filter((flow) => flow === 'heavy').length * 10;
  const lightCost = served.filter((flow) => flow === 'light').length;
  expect(Math.abs(heavyCost - lightCost)).toBeLessThanOrEqual(10);
});

it('lets one that comes wait for little of each of many long documents, however long they have been at it', () => {
  const books = Array.from({ length: 10 }, (_, index) => `book ${index}`);
  for (const flow of books) for (let part = 0; part < 200; part++) fill(flow, { cost: 100, part });
  // Each has had a tenth of the worker; by the clock alone, all of them would be far behind their time.
  drain(500);
  fill('letter', { cost: 100 });
  const ahead = drain(200).indexOf('letter');
  expect(ahead).toBeGreaterThan(0);
  expect(ahead * 100).toBeLessThanOrEqual(books.length * (mostLagMs + 200));
});

it('does not make a document pay for workers that it had to itself', () => {
  for (let part = 0; part < 8; part++) fill('book', { cost: 100, part });
  // Ten workers: the clock stands nearly still.
  for (let round = 0; round < 200; round++) {
    queue.shift();
    clock += 10;
    fill('book', { cost: 100, part: 8 + round });
  }
  for (let part = 0; part < 100; part++) fill('other', { cost: 100, part });
  // It has eight pages waiting.
  expect(drain(18).filter((flow) => flow === 'book')).toHaveLength(8);
});

it('gives a document that was idle no credit for its absence', () => {
  fill('late', { part: 0 });
  drain();
  for (let part = 0; part < 100; part++) fill('busy', { part });
  drain(50);
  for (let part = 1; part < 50; part++) fill('late', { part });
  const served = drain(40);
  expect(served.filter((flow) => flow === 'busy').length).toBeGreaterThanOrEqual(19);
});

it('does not let a document jump the queue by coming and going', () => {
  fill('patient', { count: 20 });
  let greedyCount = 0;
  for (let round = 0; round < 20; round++) {
    fill('greedy', { cost: 5, part: round });
    const [flow] = drain(1);
    if (flow === 'greedy') greedyCount++;
    else queue.remove('greedy');
  }
  expect(greedyCount).toBeLessThanOrEqual(5);
});

it('keeps the turn of a page that asks for more', () => {
  fill('first', { count: 2, cost: 100 });
  fill('second', { count: 2, cost: 200 });
  drain(2);
  fill('first', { cost: 10 });
  expect(drain(1)).toEqual(['first']);
});

it('serves entries without a page each in a turn of its own', () => {
  queue.push({ id: 1, flow: 'host', cost: 100, priority: 'interactive' });
  queue.push({ id: 2, flow: 'host', cost: 100, priority: 'interactive' });
  fill('page', { cost: 150 });
  expect(drain()).toEqual(['host', 'page', 'host']);
});

it('serves interactive documents before batch ones', () => {
  fill('scan', { count: 3, priority: 'batch' });
  fill('user', { count: 3 });
  expect(drain()).toEqual(['user', 'user', 'user', 'scan', 'scan', 'scan']);
});

it('lets batch work that has waited too long compete', () => {
  for (let part = 0; part < 10; part++) fill('scan', { priority: 'batch', part });
  for (let part = 0; part < 100; part++) fill('user', { part });
  expect(drain(10)).not.toContain('scan');
  clock += 6000;
  expect(drain(2)).toContain('scan');
  // Served once, it waits again.
  expect(drain(10)).not.toContain('scan');
});

it('puts what comes back before what has not been served', () => {
  fill('a', { count: 3 });
  const first = queue.shift() as Entry;
  queue.pushFront(first);
  expect(queue.shift()).toBe(first);
});

it('forgets a document at once', () => {
  fill('a', { count: 5, cost: 2 });
  fill('b');
  queue.forget('a');
  expect([queue.length, queue.cost]).toEqual([1, 1]);
  expect(drain()).toEqual(['b']);
  expect([queue.length, queue.cost]).toEqual([0, 0]);
});

it('knows its length, its cost and when it is full', () => {
  fill('a', { count: 999, cost: 0.1 });
  expect(queue.isFull).toBe(false);
  fill('a', { cost: 0.1 });
  expect(queue.isFull).toBe(true);
  expect(queue.cost).toBeCloseTo(100);
});

it('passes over flows whose crops are not wanted, and keeps their place', () => {
  fill('local', { count: 2 });
  fill('any', { count: 2 });
  const next = () => queue.shift(({ flow }) => flow !== 'local')?.flow ?? null;
  expect([next(), next(), next()]).toEqual(['any', 'any', null]);
  expect(queue.length).toBe(2);
  expect(drain()).toEqual(['local', 'local']);
});

it('remembers pages of a document until that is over, and nothing else', () => {
  fill('book', { part: 1 });
  fill('book', { part: 2 });
  queue.push({ id: 5000, flow: 'picture', cost: 1, priority: 'interactive' });
  fill('patient', { priority: 'batch', cost: 1000 });
  for (let index = 0; index < 5000; index++) {
    queue.push({ id: 6000 + index, flow: `passing${index}`, cost: 1, priority: 'interactive' });
    drain(1);
  }
  drain();
  expect(queue.flowCount).toBe(2);
  queue.forget('book');
  queue.forget('patient');
  expect(queue.flowCount).toBe(0);
});
