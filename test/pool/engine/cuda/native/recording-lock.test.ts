import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { createRecordingGate, RecordingLock } from '../../../../../pool/engine/cuda/native/recording-lock.js';

const threadCount = 4;
const threadPath = fileURLToPath(new URL('../../../../support/recording-thread.mjs', import.meta.url));

it('is given back when what it was held for fails', async () => {
  const gate = createRecordingGate();
  const lock = new RecordingLock(gate);
  await expect(lock.workUntilSettled(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect([...new Int32Array(gate)]).toEqual([0, 0]);
});

it('lets threads work together, and one alone while it records', async () => {
  // Working now, recording now, most at work at once, recordings made, violations seen.
  const counters = new Int32Array(new SharedArrayBuffer(5 * 4));
  const gate = createRecordingGate();
  const threads = Array.from(
    { length: threadCount },
    (_, seed) => new Worker(threadPath, { workerData: { counters, seed, gate } }),
  );
  const codes = await Promise.all(threads.map((thread) => once(thread, 'exit').then(([code]) => code as number)));
  expect(codes).toEqual(new Array(threadCount).fill(0));
  const [working, recording, mostAtOnce, recorded, violations] = counters;
  expect([working, recording, violations]).toEqual([0, 0, 0]);
  expect(recorded).toBe(threadCount * 5);
  expect(mostAtOnce).toBeGreaterThan(1);
});
