import { getEventListeners } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import {
  eventually,
  openPoolBench,
  type PoolBench,
  type PoolBenchOptions,
  readCrop,
  readGoldenCrops,
  simulatedEngine,
} from '../support/pool-samples.js';

// Devices of fixed speed: the pool, its threads and processes are real, only the arithmetic is not.

const [line] = readGoldenCrops();
let bench: PoolBench | null = null;
const opened = async (options: PoolBenchOptions = {}) => {
  bench = await openPoolBench({ engineModule: simulatedEngine, ...options });
  await bench.pool.whenReady();
  return bench;
};
const two = (pool: object = {}) => ({ devices: { use: ['cpu', 'cpu'] }, pool: { restartBackoffMs: 30, ...pool } });
const read = (count: number) => Array.from({ length: count }, () => readCrop((bench as PoolBench).pool, line).result);
const statesOf = ({ events }: PoolBench, device: string) =>
  events.flatMap((event) => (event.type === 'device-state' && event.device === device ? [event.state] : []));

vi.setConfig({ testTimeout: 180_000 });

afterEach(async () => {
  await bench?.pool.close({ drainMs: 0 });
  bench = null;
});

it('spreads crops over its devices', async () => {
  const { events } = await opened({ settings: two() });
  await eventually(() => (bench as PoolBench).pool.devices().every(({ state }) => state === 'ready'));
  await Promise.all(read(20));
  const counts = ['cpu:0', 'cpu:1'].map(
    (device) => events.filter((event) => event.type === 'crop-finished' && event.device === device).length,
  );
  expect(counts[0] + counts[1]).toBe(20);
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(8);
});

it('reads elsewhere what was on a device that hangs, and starts the device again', async () => {
  await opened({
    settings: two({ stepTimeoutMs: 1500 }),
    faults: 'hang:device=cpu:0,step=4,lives=1,forMs=6000',
  });
  await eventually(() => (bench as PoolBench).pool.devices().every(({ state }) => state === 'ready'));
  await Promise.all(read(12));
  expect(statesOf(bench as PoolBench, 'cpu:0')).toContain('down');
  expect((bench as PoolBench).pool.devices()[0].lastError?.message).toMatch(/longer than 1500 ms/);
  await eventually(() => (bench as PoolBench).pool.devices()[0].state === 'ready');
});

it('kills a process that hangs', async () => {
  const { pool } = await opened({
    settings: { ...two({ stepTimeoutMs: 1500 }), devices: { use: ['cpu', 'cpu'], isolation: 'process' } },
    faults: 'hang:device=cpu:0,step=4,lives=1',
  });
  await eventually(() => pool.devices().every(({ state }) => state === 'ready'));
  const { pid } = pool.devices()[0];
  await Promise.all(read(12));
  await eventually(() => pool.devices()[0].state === 'ready');
  expect(pool.devices()[0].pid).not.toBe(pid);
  expect(() => process.kill(pid as number, 0)).toThrow();
});

it('gives no work to a device that reads the canary wrongly, until it reads it right', async () => {
  const { pool, events } = await opened({ settings: two(), faults: 'wrong-canary:device=cpu:1,lives=2' });
  await eventually(() => pool.devices()[1].state === 'ready');
  expect(pool.devices()[1]).toMatchObject({ canaryMismatchCount: 2, restartCount: 2 });
  expect(events.filter((event) => event.type === 'canary' && !event.ok)).toHaveLength(2);
});

it('rests a device that dies again and again, while another one works', async () => {
  const { pool } = await opened({
    settings: two({ restartBackoffMs: 1 }),
    faults: 'crash-thread:device=cpu:1,step=1',
  });
  await eventually(() => pool.devices()[1].state === 'broken', 40_000);
  expect(pool.isReady()).toBe(true);
  await Promise.all(read(4));
});

it('does not rest a device that does much between its deaths', async () => {
  const { pool } = await opened({
    settings: two({ restartBackoffMs: 1 }),
    faults: 'crash-thread:device=cpu:1,step=120',
  });
  const device = () => pool.devices()[1];
  while (device().restartCount < 7) {
    await Promise.all(read(40));
    expect(device().state).not.toBe('broken');
  }
});

it('drains, resumes and restarts a device on demand', async () => {
  const { pool } = await opened({ settings: two() });
  await eventually(() => pool.devices().every(({ state }) => state === 'ready'));
  const before = read(8);
  await pool.control('cpu:0', 'drain');
  expect(pool.devices()[0].state).toMatch(/drain/);
  await Promise.all(before);
  expect(pool.devices()[0].state).toBe('drained');
  await Promise.all(read(4));
  await expect(pool.control('cpu:0', 'drain')).rejects.toMatchObject({ code: 'DEVICE_STATE' });
  await pool.control('cpu:0', 'resume');
  expect(pool.devices()[0].state).toBe('ready');
  const during = read(8);
  await pool.control('cpu:0', 'restart');
  await Promise.all(during);
  await eventually(() => pool.devices()[0].state === 'ready');
  expect(pool.devices()[0].restartCount).toBe(1);
  await expect(pool.control('cuda:9', 'drain')).rejects.toMatchObject({ code: 'DEVICE_UNKNOWN' });
});

it('refuses new documents when every device is drained', async () => {
  const { pool } = await opened();
  await pool.control('cpu:0', 'drain');
  expect(pool.isReady()).toBe(false);
  await expect(readCrop(pool, line).result).rejects.toMatchObject({ code: 'NO_DEVICE' });
});

it('ends a document at its deadline and frees its place', async () => {
  const { pool } = await opened({ faults: 'hang:step=3,forMs=1500' });
  await expect(readCrop(pool, line, { deadlineMs: 300 }).result).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect(pool.stats()).toMatchObject({ documentsInFlight: 0, cropsRunning: 0, cropsQueued: 0 });
});

it('refuses documents beyond its limit at once, and says when to come again', async () => {
  const { pool, events } = await opened({ settings: { pool: { maxDocuments: 3 } } });
  const answers = await Promise.allSettled(read(5));
  const refused = answers.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(2);
  for (const answer of refused) {
    expect(answer).toMatchObject({ reason: { code: 'OVERLOADED', detail: { reason: 'documents' } } });
    expect((answer as PromiseRejectedResult).reason.detail.retryAfterMs).toBeGreaterThan(0);
  }
  expect(events.filter(({ type }) => type === 'refused')).toHaveLength(2);
  expect(pool.stats().documentsInFlight).toBe(0);
});

it('keeps nothing of a document that it refuses', async () => {
  const { pool } = await opened();
  await pool.control('cpu:0', 'drain');
  const { signal } = new AbortController();
  const timerCount = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timerCount();
  for (let index = 0; index < 20; index++) {
    const options = { signal, deadlineMs: 600_000 };
    await expect(readCrop(pool, line, options).result).rejects.toMatchObject({ code: 'NO_DEVICE' });
    await expect(pool.parse({ bytes: line.bytes }, options).result).rejects.toMatchObject({ code: 'NO_DEVICE' });
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(timerCount()).toBeLessThan(before + 20);
});

it('finishes what is in flight when it closes, and refuses what comes later', async () => {
  const { pool } = await opened();
  const accepted = read(6);
  const closing = pool.close({ drainMs: 20_000 });
  await expect(readCrop(pool, line).result).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  expect((await Promise.allSettled(accepted)).map(({ status }) => status)).toEqual(new Array(6).fill('fulfilled'));
  await closing;
});

it('ends what is left when the time to close is up', async () => {
  const { pool } = await opened({ faults: 'hang:step=3,forMs=2000' });
  const [accepted] = read(1);
  const settled = Promise.allSettled([accepted]);
  await eventually(() => pool.stats().cropsRunning > 0);
  await pool.close({ drainMs: 50 });
  expect(await settled).toMatchObject([{ status: 'rejected', reason: { code: 'SHUTTING_DOWN' } }]);
});
