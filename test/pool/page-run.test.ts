import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, expect, it } from 'vitest';
// Threads load JavaScript, so this suite runs what `npm run build` wrote.
import { defaultRecipe, type ModelFolder, openModel, pageHintsOf } from '../../dist/models/index.js';
import type { CropReader, CropRequest } from '../../dist/pool/crop-reader.js';
import { createDeviceDetection } from '../../dist/pool/device-detection.js';
import { readPage } from '../../dist/pool/page-run.js';
import { openPreparePool, type PreparePool } from '../../dist/pool/prepare/prepare-pool.js';
import { createPrepareTurns, type PrepareDoor } from '../../dist/pool/prepare-turns.js';
import { openRunScope } from '../../dist/pool/run-scope.js';
import { noTimings } from '../../dist/pool/stage-timings.js';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const bytes = readFileSync(path('models/pocket/layout/samples/page0.png'));
const recipe = { ...defaultRecipe, useLayoutDetection: false };

let model: ModelFolder;
let prepare: PreparePool;

beforeAll(async () => {
  model = await openModel(path('models/pocket'));
});

afterEach(() => prepare?.close());

/** Threads, turns and the run of a page are real; the reader answers at once, with the number of the crop as its text. */
function openPage({ workerPath, threadCount = 1 }: { workerPath?: string; threadCount?: number } = {}) {
  prepare = openPreparePool({
    setup: {
      limits: { maxImagePixels: 100_000_000, maxPages: 100, pdfDpi: 144 },
      imageProcessor: model.imageProcessor,
      hints: pageHintsOf(model.manifest),
    },
    threadCount,
    maxQueueLength: 8,
    workerPath,
  });
  const turns = createPrepareTurns(prepare, threadCount + 1, 1000);
  const leaving = new AbortController();
  const scope = openRunScope({ signal: leaving.signal });
  const door = turns.doorFor({ flow: 'page', priority: 'interactive', signal: scope.signal });
  const requests: CropRequest[] = [];
  const reader: CropReader = {
    async read(request) {
      requests.push(request);
      const text = { text: `word${requests.length}`, tokenIds: [1], logprobs: [0], finishReason: 'stop' } as const;
      return { ok: true, text, reading: { ...text, keepCount: 1, firstTokenMs: 0, timings: noTimings } };
    },
  };
  const run = (parts: { readonly prepare?: PrepareDoor; readonly reader?: CropReader } = {}) =>
    readPage(0, {
      prepare: door,
      detection: createDeviceDetection(
        () => [],
        () => {},
      ),
      reader,
      hints: pageHintsOf(model.manifest),
      scope,
      document: prepare.share(bytes),
      recipe,
      pictures: {},
      priority: 'interactive',
      emit: () => {},
      onPrepared: () => {},
      onCrop: () => {},
      onPlanned: async () => {},
      onBlock: async () => {},
      ...parts,
    });
  return { run, door, turns, reader, requests, leaving };
}

it('hands a crop on before the next are cut, and gives the blocks in order', async () => {
  const { run, door, reader } = openPage();
  let tellFirst = () => {};
  const firstIsRead = new Promise<void>((resolve) => {
    tellFirst = resolve;
  });
  let taskCount = 0;
  const { markdown, timings } = await run({
    prepare: {
      ...door,
      async prepareCrops(task) {
        taskCount++;
        // Would wait for ever if no crop were read before all are cut.
        if (taskCount > 1) await firstIsRead;
        return door.prepareCrops(task);
      },
    },
    reader: {
      read(request) {
        tellFirst();
        return reader.read(request);
      },
    },
  });
  expect(taskCount).toBeGreaterThan(2);
  const words = [...markdown.matchAll(/word(\d+)/g)].map(([, number]) => Number(number));
  // What was read again later stands for nothing better here.
  expect(words).toEqual(words.map((_, index) => index + 1));
  expect(words.length).toBeGreaterThan(10);
  expect(timings.prepareMs).toBeGreaterThan(0);
});

it('reads the same crops, however many threads cut them', async () => {
  const sizesOf = async (threadCount: number) => {
    const { run, requests } = openPage({ threadCount });
    await run();
    await prepare.close();
    return requests.map(({ patches }) => `${patches.gridWidth}x${patches.gridHeight} ${patches.patches.length}`).sort();
  };
  const alone = await sizesOf(1);
  expect(alone.length).toBeGreaterThan(2);
  expect(await sizesOf(3)).toEqual(alone);
});

it('fails the page whose thread dies when some of its crops were handed on', async () => {
  const { run, door, requests } = openPage({ workerPath: path('test/support/dying-crops-worker.mjs') });
  await expect(run()).rejects.toMatchObject({ name: 'PoolError', code: 'PREPARE_FAILED' });
  expect(requests.length).toBeGreaterThan(0);
  // Another thread has taken its place.
  const page = await door.preparePage({ document: prepare.share(bytes), pageIndex: 0, recipe });
  expect(page.plan.blocks.length).toBeGreaterThan(0);
});

it('cuts and reads nothing more once the client has left', async () => {
  const { run, door, reader, requests, leaving, turns } = openPage();
  let taskCount = 0;
  const reading = run({
    prepare: {
      ...door,
      prepareCrops(task) {
        taskCount++;
        return door.prepareCrops(task);
      },
    },
    reader: {
      read(request) {
        leaving.abort();
        return reader.read(request);
      },
    },
  });
  await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(turns.waitingCount).toBe(0);
  // The one task that was with the thread already ends, and what it cut is dropped.
  await expect.poll(() => turns.startedCount).toBe(0);
  expect(taskCount).toBeGreaterThan(2);
  expect(requests.length).toBeLessThan(taskCount);
});
