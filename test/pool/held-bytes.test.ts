import { expect, it } from 'vitest';
import { createHeldBytes } from '../../pool/held-bytes.js';

const never = new AbortController().signal;
const settled = async (promise: Promise<unknown>) =>
  Promise.race([promise.then(() => true), new Promise((resolve) => setImmediate(() => resolve(false)))]);

it('lets in what fits and keeps the rest waiting, in order', async () => {
  const held = createHeldBytes(100);
  const first = await held.acquire(60, never);
  const second = held.acquire(60, never);
  const third = held.acquire(10, never);
  expect(await settled(second)).toBe(false);
  expect(await settled(third)).toBe(false);
  first();
  expect(await settled(second)).toBe(true);
  expect(await settled(third)).toBe(true);
  expect(held.used).toBe(70);
});

it('lets one in that is larger than everything, alone', async () => {
  const held = createHeldBytes(100);
  const release = await held.acquire(5000, never);
  expect(await settled(held.acquire(1, never))).toBe(false);
  release();
  release();
  expect(held.used).toBe(1);
});

it('forgets who has left the line', async () => {
  const held = createHeldBytes(100);
  const release = await held.acquire(100, never);
  const leaving = new AbortController();
  const waiting = held.acquire(50, leaving.signal);
  leaving.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  release();
  expect(held.used).toBe(0);
});
