import { afterEach, expect, it, vi } from 'vitest';
import type { CropFrame, EngineLine } from '../../../dist/pool/index.js';
import { eventually, openPoolBench, type PoolBench, simulatedEngine } from '../../support/pool-samples.js';

// Devices of fixed speed: a millisecond for each merged patch; the pool, its threads and queue are real.

vi.setConfig({ testTimeout: 60_000 });
let bench: PoolBench | null = null;
afterEach(async () => {
  await bench?.pool.close({ drainMs: 0 });
  bench = null;
});
const opened = async (options: object = {}) => {
  bench = await openPoolBench({ engineModule: simulatedEngine, ...options });
  await bench.pool.whenReady();
  return bench.pool;
};
type Pool = PoolBench['pool'];
/** A crop without a picture: the prompt is all there is. */
const frame = (pool: Pool, change: Partial<CropFrame['head']> = {}): CropFrame => ({
  head: {
    protocol: 2,
    weightsId: pool.engine().model.weightsId,
    from: 'another host',
    priority: 'interactive',
    task: 'ocr',
    promptIds: [5, 6],
    images: [],
    maxTokens: 64,
    isStreamed: false,
    ...change,
  },
  pixels: new Uint8Array(0),
});
const codeOf = (lines: AsyncGenerator<EngineLine>): Promise<string> =>
  lines.next().then(
    () => 'accepted',
    (error: { code: string }) => error.code,
  );

it('reads a crop of another host and counts it among the work of its devices', async () => {
  const pool = await opened();
  const lines: EngineLine[] = [];
  for await (const line of pool.readCrop(frame(pool))) lines.push(line);
  expect(lines.map(({ type }) => type)).toEqual(['accepted', 'finished']);
  expect(lines[1]).toMatchObject({ reading: { finishReason: 'stop' }, load: { queuedCount: 0 } });
  expect(bench?.events.filter(({ type }) => type === 'crop-finished')).toMatchObject([{ device: 'cpu:0' }]);
  expect(pool.engine()).toMatchObject({ isReady: true, capacity: { maxBatch: 1 }, load: { runningCount: 0 } });
});

it('refuses other weights, and what no device of its own could read', async () => {
  const pool = await opened({ settings: { devices: { use: ['cpu', 'remote:http://127.0.0.1:1'] } } });
  expect(await codeOf(pool.readCrop(frame(pool, { weightsId: 'other' })))).toBe('MODEL_MISMATCH');
  await pool.control('cpu:0', 'drain');
  expect(pool.engine().isReady).toBe(false);
  expect(await codeOf(pool.readCrop(frame(pool)))).toBe('NO_DEVICE');
});

it('says that it is full instead of queueing without end, and frees the place of who leaves', async () => {
  const pool = await opened({ faults: 'hang:step=2,forMs=1500' });
  const readings = Array.from({ length: 16 }, () => pool.readCrop(frame(pool)));
  for (const reading of readings) expect(await codeOf(reading)).toBe('accepted');
  await expect(pool.readCrop(frame(pool)).next()).rejects.toMatchObject({
    code: 'OVERLOADED',
    detail: { retryAfterMs: expect.any(Number) },
  });
  await Promise.all(readings.map((reading) => reading.return(undefined)));
  expect(pool.stats()).toMatchObject({ cropsQueued: 0, cropsRunning: 0, bytesHeld: 0 });
  expect(await codeOf(pool.readCrop(frame(pool)))).toBe('accepted');
});

it('ends a crop whose client leaves while it waits', async () => {
  const pool = await opened({ faults: 'hang:step=2,forMs=1500' });
  const client = new AbortController();
  const lines = pool.readCrop(frame(pool), { signal: client.signal });
  await lines.next();
  const next = lines.next();
  client.abort();
  await expect(next).rejects.toMatchObject({ code: 'CANCELLED' });
  await eventually(() => pool.stats().cropsRunning === 0);
});
