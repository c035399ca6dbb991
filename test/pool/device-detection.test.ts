import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { PageOutcome, PoolEvent } from '../../dist/pool/index.js';
import {
  eventually,
  openPoolBench,
  type PoolBench,
  type PoolBenchOptions,
  readCrop,
  readGoldenCrops,
  simulatedEngine,
} from '../support/pool-samples.js';

// Devices of the CPU that detect as those of CUDA do: the detector and its sessions, threads, processes and messages are
// real. Crops are read by devices of fixed speed, but for one page.

const samples = ['page0.png', 'page1.png'].map((name) =>
  readFileSync(fileURLToPath(new URL(`../../models/pocket/layout/samples/${name}`, import.meta.url))),
);
const [line] = readGoldenCrops();
const detecting = ['cpu'] as const;
const quick = { restartBackoffMs: 30 };

let bench: PoolBench | null = null;
const opened = async (options: PoolBenchOptions = {}): Promise<PoolBench> => {
  bench = await openPoolBench({ engineModule: simulatedEngine, ...options });
  await bench.pool.whenReady();
  return bench;
};
const inProcess = (pool: object = {}) => ({
  devices: { use: ['cpu'], isolation: 'process' },
  pool: { ...quick, ...pool },
});
const readPage = async ({ pool }: PoolBench, sample = 0): Promise<PageOutcome> =>
  (await pool.parse({ bytes: samples[sample] }).result).pages[0];
const layoutOf = ({ blocks, detections }: PageOutcome) => ({
  blocks: blocks.map(({ label, box, order }) => ({ label, box, order })),
  detections,
});
const detectedBy = (events: readonly PoolEvent[]) =>
  events.flatMap((event) => (event.type === 'page-detected' ? [event.device] : []));
const deathsOf = (events: readonly PoolEvent[]) =>
  events.filter((event) => event.type === 'device-state' && event.state === 'down').length;
const pixelFiles = () =>
  readdirSync('/dev/shm')
    .filter((name) => name.startsWith('quire-pixels') && name.includes(`-${process.pid}-`))
    .flatMap((folder) => readdirSync(`/dev/shm/${folder}`));

let expected: ReturnType<typeof layoutOf>[];

vi.setConfig({ testTimeout: 180_000 });
vi.stubEnv('QUIRE_SIM_IMAGE_MS', '0.02');

beforeAll(async () => {
  const { events } = await opened();
  expected = [];
  for (const sample of samples.keys()) expected.push(layoutOf(await readPage(bench as PoolBench, sample)));
  expect(detectedBy(events)).toEqual(['host', 'host']);
  expect(expected[0].detections.length).toBeGreaterThan(5);
  await bench?.pool.close();
});

afterEach(async () => {
  await bench?.pool.close({ drainMs: 0 });
  bench = null;
});

describe('a device that detects', () => {
  it.each(['thread', 'process'])('finds what a prepare thread finds (%s)', async (isolation) => {
    const { pool, events } = await opened({ detecting, settings: { devices: { use: ['cpu'], isolation } } });
    expect(pool.devices()).toMatchObject([{ detectsPages: true }]);
    const pages = await Promise.all(samples.map((_, sample) => readPage(bench as PoolBench, sample)));
    expect(pages.map(layoutOf)).toEqual(expected);
    for (const { timings } of pages) expect(timings.detectMs).toBeGreaterThan(0);
    expect(detectedBy(events)).toEqual(['cpu:0', 'cpu:0']);
    expect(pixelFiles()).toEqual([]);
  });

  it('reads the text of a page as before', async () => {
    // In int8 a reading that is hardly sure may depend on what it is read beside.
    const settings = { engine: { maxBatch: 8 }, model: { precision: 'fp32' } };
    const before = await opened({ engineModule: undefined, settings });
    const { blocks, markdown } = await readPage(before);
    await before.pool.close();
    const { events } = await opened({ engineModule: undefined, settings, detecting });
    const page = await readPage(bench as PoolBench);
    expect(page.markdown).toBe(markdown);
    // How sure the reader is depends a little on what it reads beside.
    const certain = ({ confidence: _, ...block }: (typeof blocks)[number]) => block;
    expect(page.blocks.map(certain)).toEqual(blocks.map(certain));
    expect(detectedBy(events)).toEqual(['cpu:0']);
  });

  it('is not asked where no layout is wanted', async () => {
    const { pool, events } = await opened({ detecting });
    await pool.parse({ bytes: samples[0] }, { recipe: { useLayoutDetection: false } }).result;
    expect(detectedBy(events)).toEqual([]);
  });

  it('shares pages with another that is idle', async () => {
    const settings = { devices: { use: ['cpu', 'cpu'], threadsPerDevice: 2, cpuThreads: 1 } };
    const { pool, events } = await opened({ detecting, settings });
    await eventually(() => pool.devices().every(({ state }) => state === 'ready'));
    await Promise.all(Array.from({ length: 8 }, () => readPage(bench as PoolBench)));
    const places = detectedBy(events);
    expect(places).toHaveLength(8);
    expect(new Set(places)).toEqual(new Set(['cpu:0', 'cpu:1']));
  });

  it('is drained when its pages are detected', async () => {
    const { pool } = await opened({ detecting, faults: 'hang:detection=1,forMs=500' });
    const page = readPage(bench as PoolBench);
    await eventually(() => pool.stats().prepareRunning === 0 && pool.stats().pagesInFlight === 1);
    await pool.control('cpu:0', 'drain');
    expect(pool.devices()[0].state).toBe('draining');
    await eventually(() => pool.devices()[0].state === 'drained');
    await pool.control('cpu:0', 'resume');
    expect(layoutOf(await page)).toEqual(expected[0]);
  });

  it('has a number of pages at most; prepare threads detect the others', async () => {
    const { pool, events } = await opened({ detecting, faults: 'hang:detection=1,forMs=6000' });
    const pages = Array.from({ length: 36 }, () => pool.parse({ bytes: line.bytes }).result);
    await eventually(() => detectedBy(events).length === 4);
    expect(detectedBy(events)).toEqual(['host', 'host', 'host', 'host']);
    await Promise.all(pages);
    expect(detectedBy(events).filter((device) => device === 'cpu:0')).toHaveLength(32);
    expect(deathsOf(events)).toBe(0);
  });
});

describe('a device that is lost while it detects', () => {
  it.each([
    ['kill-process', 'process'],
    ['abort-process', 'process'],
    ['throw', 'process'],
    ['hang', 'process'],
    ['crash-thread', 'thread'],
    ['throw', 'thread'],
  ])('by %s in a %s: the page is detected by a prepare thread, once, and is whole', async (kind, isolation) => {
    const { pool, events } = await opened({
      detecting,
      settings: { devices: { use: ['cpu'], isolation }, pool: { ...quick, stepTimeoutMs: 2000 } },
      faults: `${kind}:detection=1,lives=1`,
    });
    expect(layoutOf(await readPage(bench as PoolBench))).toEqual(expected[0]);
    expect(detectedBy(events)).toEqual(['host']);
    expect(deathsOf(events)).toBe(1);
    await eventually(() => pool.devices()[0].state === 'ready');
    expect(pool.devices()[0]).toMatchObject({ restartCount: 1, detectsPages: true });
    expect(layoutOf(await readPage(bench as PoolBench, 1))).toEqual(expected[1]);
    expect(detectedBy(events)).toEqual(['host', 'cpu:0']);
    expect(pixelFiles()).toEqual([]);
  });

  it('gives the page to no other device', async () => {
    const settings = { devices: { use: ['cpu', 'cpu'], cpuThreads: 1 }, pool: quick };
    const { pool, events } = await opened({ detecting, settings, faults: 'throw:detection=1' });
    await eventually(() => pool.devices().every(({ state }) => state === 'ready'));
    expect(layoutOf(await readPage(bench as PoolBench))).toEqual(expected[0]);
    expect(deathsOf(events)).toBe(1);
    expect(detectedBy(events)).toEqual(['host']);
  });

  it.each(['throw', 'hang'])('by %s: holds nothing against its crops', async (kind) => {
    // A crop that may have been the cause of a death would not be tried again.
    vi.stubEnv('QUIRE_SIM_IMAGE_MS', '20');
    const { pool, events } = await opened({
      detecting,
      settings: inProcess({ maxAttempts: 1, stepTimeoutMs: 2000 }),
      faults: `${kind}:detection=1,lives=1`,
    });
    vi.stubEnv('QUIRE_SIM_IMAGE_MS', '0.02');
    const crops = [1, 2].map(() => readCrop(pool, line).result);
    await eventually(() => pool.stats().cropsRunning > 0);
    const page = readPage(bench as PoolBench);
    // A crop that failed would reject.
    await Promise.all([...crops, page]);
    expect(deathsOf(events)).toBe(1);
    expect(events.some(({ type }) => type === 'crop-retried')).toBe(true);
  });

  it('is no more asked after it died again, until an operator restarts it', async () => {
    const { pool, events } = await opened({ detecting, settings: inProcess(), faults: 'throw:detection=1,lives=2' });
    for (let round = 0; round < 3; round++) {
      await eventually(() => pool.devices()[0].state === 'ready');
      expect(layoutOf(await readPage(bench as PoolBench))).toEqual(expected[0]);
    }
    expect(detectedBy(events)).toEqual(['host', 'host', 'host']);
    expect(deathsOf(events)).toBe(2);
    expect(pool.devices()[0]).toMatchObject({ detectsPages: false, detectorReason: /died/ });
    await pool.control('cpu:0', 'restart');
    await eventually(() => pool.devices()[0].state === 'ready');
    expect(pool.devices()[0]).toMatchObject({ detectsPages: true });
    await readPage(bench as PoolBench);
    expect(detectedBy(events).at(-1)).toBe('cpu:0');
  });
});

describe('a detector that does not start', () => {
  it('leaves a device that reads all the same, and says why', async () => {
    const { pool, events } = await opened({ detecting, settings: inProcess(), faults: 'throw:detection=0' });
    expect(pool.devices()).toMatchObject([
      { state: 'ready', restartCount: 0, detectsPages: false, detectorReason: 'a fault was injected' },
    ]);
    expect(layoutOf(await readPage(bench as PoolBench))).toEqual(expected[0]);
    expect(detectedBy(events)).toEqual(['host']);
  });

  it('does not keep a device from ever starting', async () => {
    const { pool } = await opened({ detecting, settings: inProcess(), faults: 'abort-process:detection=0' });
    expect(pool.devices()).toMatchObject([{ state: 'ready', restartCount: 2, detectsPages: false }]);
  });
});

it('keeps nothing of documents that leave while their pages are detected', async () => {
  const { pool, events } = await opened({
    detecting,
    settings: inProcess(),
    faults: 'hang:detection=1,forMs=4000,lives=1',
  });
  const leaving = new AbortController();
  const staying = readPage(bench as PoolBench);
  const leavers = [0, 1, 1].map((sample) => pool.parse({ bytes: samples[sample] }, { signal: leaving.signal }).result);
  const left = Promise.allSettled(leavers);
  // All are decoded and with the shard, whose detector hangs with the first that came.
  await eventually(() => pool.stats().pagesInFlight === 4 && pool.stats().prepareRunning === 0);
  leaving.abort();
  for (const answer of await left) expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'CANCELLED' } });
  expect(pool.stats()).toMatchObject({ documentsInFlight: 1, prepareQueued: 0 });
  expect(layoutOf(await staying)).toEqual(expected[0]);
  await eventually(() => pixelFiles().length === 0);
  // Only what ran when they left was detected.
  expect(detectedBy(events).length).toBeLessThanOrEqual(2);
  expect(pool.stats()).toMatchObject({ documentsInFlight: 0, cropsQueued: 0, cropsRunning: 0, bytesHeld: 0 });
  expect(deathsOf(events)).toBe(0);
});
