import { setMaxListeners } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DocumentEvent } from '../../dist/pool/index.js';
import {
  eventually,
  openPoolBench,
  type PoolBench,
  type PoolBenchOptions,
  readCrop,
  readGoldenCrops,
} from '../support/pool-samples.js';

// The embedded model on real devices.

const crops = readGoldenCrops();
const goldens = crops.map(({ tokenIds }) => tokenIds);
const fixture = (name: string) => readFileSync(fileURLToPath(new URL(`../fixtures/inputs/${name}`, import.meta.url)));
const pixelFolders = () =>
  readdirSync('/dev/shm').filter((name) => name.startsWith('quire-pixels') && name.includes(`-${process.pid}-`));

let bench: PoolBench | null = null;
const opened = async (options?: PoolBenchOptions) => {
  bench = await openPoolBench(options);
  await bench.pool.whenReady();
  return bench;
};
const readAll = async ({ pool }: PoolBench) =>
  Promise.all(crops.map(async (crop) => (await readCrop(pool, crop).result).tokenIds));

vi.setConfig({ testTimeout: 180_000 });

afterEach(async () => {
  await bench?.pool.close({ drainMs: 0 });
  bench = null;
});

describe('one device', () => {
  it('reads the goldens together, token for token, and is empty afterwards', async () => {
    const { pool } = await opened();
    expect(await readAll(bench as PoolBench)).toEqual(goldens);
    expect(pool.stats()).toMatchObject({ documentsInFlight: 0, cropsQueued: 0, cropsRunning: 0, bytesHeld: 0 });
    expect(pool.devices()).toMatchObject([{ id: 'cpu:0', state: 'ready', runningCount: 0, outstandingCost: 0 }]);
    expect(pool.devices()[0].canaryOkAt).toBeGreaterThan(0);
  });

  it('reads a file of several pages in order, as events and as a result', async () => {
    const { pool } = await opened();
    const run = pool.parse({ bytes: fixture('pages.tiff') }, { recipe: { useLayoutDetection: false } });
    const seen: DocumentEvent[] = [];
    for await (const event of run) seen.push(event);
    const { pages } = await run.result;
    expect(seen[0]).toMatchObject({ type: 'document', kind: 'image', pageCount: pages.length });
    const done = seen.flatMap((event) => (event.type === 'page-done' ? [event.page.pageIndex] : []));
    expect(done).toEqual(pages.map(({ pageIndex }) => pageIndex));
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(pages.length).toBeGreaterThan(1);
  });

  it('reads the printed text of a page', async () => {
    const { pool } = await opened();
    const [crop] = crops;
    const { pages, markdown, timings } = await pool.parse(
      { bytes: crop.bytes },
      { recipe: { useLayoutDetection: false }, pictures: { page: true } },
    ).result;
    expect(markdown.replace(/\\/g, '')).toContain('INCOMPATIBILITY: as announced in the');
    expect(pages[0].blocks[0].confidence).toBeGreaterThan(0.8);
    expect(Buffer.from(pages[0].pageJpeg as Uint8Array).subarray(0, 2)).toEqual(Buffer.of(0xff, 0xd8));
    expect(timings.cropCount).toBeGreaterThan(0);
    expect(timings.visionMs).toBeGreaterThan(0);
  });

  it('says what is wrong with a file, and reads the next', async () => {
    const { pool } = await opened();
    await expect(pool.parse({ bytes: fixture('broken.pdf') }).result).rejects.toMatchObject({ code: 'PDF_UNREADABLE' });
    await expect(pool.parse({ bytes: new Uint8Array() }).result).rejects.toMatchObject({ code: 'INPUT_EMPTY' });
    await expect(pool.parse({ bytes: crops[0].bytes }, { pages: '7' }).result).rejects.toMatchObject({
      code: 'PAGE_RANGE_INVALID',
    });
    expect((await readCrop(pool, crops[0]).result).tokenIds).toEqual(goldens[0]);
  });

  it('streams a chat answer whose pieces are the text, and stops at a stop text', async () => {
    const { pool } = await opened();
    const run = readCrop(pool, crops[2]);
    let text = '';
    for await (const event of run) text += event.text;
    expect(text).toBe((await run.result).text);
    expect(text).toBe(crops[2].text);
    const word = text.slice(8, 12);
    const stopped = await pool.recognize({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', bytes: crops[2].bytes },
            { type: 'text', text: crops[2].task },
          ],
        },
      ],
      stop: [word],
    }).result;
    expect(stopped.text).toBe(text.slice(0, text.indexOf(word)));
    expect(stopped.finishReason).toBe('stop');
    expect(stopped.outputTokenCount).toBeLessThan(crops[2].tokenIds.length);
  });

  it('condemns the crop that kills, by itself, and reads its neighbours', async () => {
    // Sample 8 alone has 8 x 28 patches.
    const { pool, events } = await opened({
      faults: 'throw:patches=224',
      settings: { pool: { restartBackoffMs: 20 } },
    });
    const answers = await Promise.allSettled(crops.map((crop) => readCrop(pool, crop).result));
    answers.forEach((answer, index) => {
      if (index === 8) expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'POISON_CROP' } });
      else expect(answer).toMatchObject({ status: 'fulfilled', value: { tokenIds: goldens[index] } });
    });
    expect(events.filter((event) => event.type === 'device-state' && event.state === 'down')).toHaveLength(3);
  });

  it('fails the block that cannot be read, not the document', async () => {
    const recipe = { useLayoutDetection: false };
    const quiet = await opened();
    const whole = await quiet.pool.parse({ bytes: crops[1].bytes }, { recipe }).result;
    expect(whole.timings.cropCount).toBe(1);
    await quiet.pool.close();
    // Four patches make an image token.
    const { pool } = await opened({
      faults: `throw:patches=${whole.timings.imageTokenCount * 4}`,
      settings: { pool: { restartBackoffMs: 20 } },
    });
    const { pages } = await pool.parse({ bytes: crops[1].bytes }, { recipe }).result;
    expect(pages[0].blocks).toMatchObject([{ text: '', confidence: null, error: { code: 'POISON_CROP' } }]);
  });
});

describe('two processes', () => {
  const settings = {
    devices: { use: ['cpu', 'cpu'], isolation: 'process', cpuThreads: 1 },
    pool: { restartBackoffMs: 50 },
  };

  it('loses nothing when one is killed at work', async () => {
    const { pool, events } = await opened({ settings });
    await eventually(() => pool.devices().every(({ state }) => state === 'ready'));
    const reading = readAll(bench as PoolBench);
    await eventually(() => pool.devices().every(({ runningCount }) => runningCount > 0));
    process.kill(pool.devices()[1].pid as number, 'SIGKILL');
    expect(await reading).toEqual(goldens);
    expect(events.some((event) => event.type === 'crop-retried')).toBe(true);
    await eventually(() => pool.devices()[1].state === 'ready');
    expect(pool.devices()[1]).toMatchObject({ restartCount: 1, lastError: { code: 'DEVICE_LOST' } });
    expect(pixelFolders()).toHaveLength(2);
    await pool.close();
    expect(pixelFolders()).toEqual([]);
  });

  it('condemns a crop that aborts its process, and reads the rest', async () => {
    const { pool } = await opened({ settings, faults: 'abort-process:patches=224' });
    const some = [0, 1, 4, 8];
    const answers = await Promise.allSettled(some.map((index) => readCrop(pool, crops[index]).result));
    answers.forEach((answer, place) => {
      const index = some[place];
      if (index === 8) expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'POISON_CROP' } });
      else expect(answer).toMatchObject({ status: 'fulfilled', value: { tokenIds: goldens[index] } });
    });
  });

  it('frees batch slots, blocks and files when clients leave', async () => {
    const { pool } = await opened({ settings });
    const leaving = new AbortController();
    setMaxListeners(crops.length, leaving.signal);
    const runs = crops.map((crop) => readCrop(pool, crop, { signal: leaving.signal }).result);
    const settled = Promise.allSettled(runs);
    await eventually(() => pool.devices().some(({ kvBlocksUsed }) => kvBlocksUsed > 0));
    leaving.abort();
    const left = (await settled).filter((answer) => answer.status === 'rejected');
    expect(left.length).toBeGreaterThan(0);
    for (const answer of left) expect(answer).toMatchObject({ reason: { code: 'CANCELLED' } });
    expect(pool.stats()).toMatchObject({ documentsInFlight: 0, cropsQueued: 0, cropsRunning: 0, queuedCost: 0 });
    expect(pool.devices()).toMatchObject([{ runningCount: 0 }, { runningCount: 0 }]);
    await eventually(() => pool.devices().every(({ kvBlocksUsed }) => kvBlocksUsed === 0));
    await eventually(() => pixelFolders().flatMap((folder) => readdirSync(`/dev/shm/${folder}`)).length === 0);
    expect((await readCrop(pool, crops[0]).result).tokenIds).toEqual(goldens[0]);
  });
});

describe('two threads', () => {
  it('loses nothing when the thread of one dies', async () => {
    const { pool, events } = await opened({
      settings: { devices: { use: ['cpu', 'cpu'], cpuThreads: 1 }, pool: { restartBackoffMs: 50 } },
      faults: 'crash-thread:device=cpu:0,step=3,lives=1',
    });
    expect(await readAll(bench as PoolBench)).toEqual(goldens);
    await eventually(() => events.some((event) => event.type === 'device-state' && event.state === 'down'));
    await eventually(() => pool.devices()[0].state === 'ready');
    expect(await readAll(bench as PoolBench)).toEqual(goldens);
  });
});
