import { expect, it } from 'vitest';
import { createEventChannel } from '../../pool/event-channel.js';

const settled = async (promise: Promise<unknown>) =>
  Promise.race([promise.then(() => true), new Promise((resolve) => setImmediate(() => resolve(false)))]);

it('gives events in order and ends', async () => {
  const channel = createEventChannel<number>(8, () => {});
  const seen: number[] = [];
  const reading = (async () => {
    for await (const event of channel) seen.push(event);
  })();
  for (const event of [1, 2, 3]) await channel.write(event);
  channel.end();
  await reading;
  expect(seen).toEqual([1, 2, 3]);
});

it('holds the writer of a slow reader', async () => {
  const channel = createEventChannel<number>(2, () => {});
  const iterator = channel[Symbol.asyncIterator]();
  await channel.write(1);
  const second = channel.write(2);
  expect(await settled(second)).toBe(false);
  await iterator.next();
  expect(await settled(second)).toBe(true);
});

it('holds no writer when nobody reads', async () => {
  const channel = createEventChannel<number>(1, () => {});
  for (let event = 0; event < 100; event++) expect(await settled(channel.write(event))).toBe(true);
});

it('gives what was written before a failure, then the failure', async () => {
  const channel = createEventChannel<number>(8, () => {});
  const iterator = channel[Symbol.asyncIterator]();
  void channel.write(1);
  channel.fail(new RangeError('gone'));
  expect((await iterator.next()).value).toBe(1);
  await expect(iterator.next()).rejects.toThrow('gone');
});

it('tells when the reader leaves early, and lets the writer go', async () => {
  let hasLeft = false;
  const channel = createEventChannel<number>(1, () => {
    hasLeft = true;
  });
  const iterator = channel[Symbol.asyncIterator]();
  const held = channel.write(1);
  await iterator.return?.();
  expect(hasLeft).toBe(true);
  expect(await settled(held)).toBe(true);
});
