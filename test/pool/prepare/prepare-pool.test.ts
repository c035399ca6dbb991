import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
// Threads load JavaScript, so this suite runs what `npm run build` wrote.
import {
  compileModel,
  defaultPageHints,
  defaultRecipe,
  joinBands,
  openModel,
  runDetector,
} from '../../../dist/models/index.js';
import { openSession } from '../../../dist/pool/engine/session.js';
import { openPreparePool, type PreparePool } from '../../../dist/pool/prepare/prepare-pool.js';

const path = (relative: string) => fileURLToPath(new URL(`../../../${relative}`, import.meta.url));
const pocketDir = path('models/pocket');
const limits = { maxImagePixels: 100_000_000, maxPages: 100, pdfDpi: 144 };
const input = (name: string) => readFileSync(path(`test/fixtures/inputs/${name}`));

describe('with the embedded bundle', () => {
  let pool: PreparePool;
  let cacheDir: string;
  let graphPath: string;

  beforeAll(async () => {
    cacheDir = mkdtempSync(join(tmpdir(), 'quire-prepare-'));
    const model = await openModel(pocketDir);
    const compiled = await compileModel(model, { device: 'cpu', precision: 'fp32' }, cacheDir);
    graphPath = compiled.graphs.layout!;
    pool = openPreparePool({
      setup: {
        limits,
        imageProcessor: model.imageProcessor,
        hints: defaultPageHints,
        layout: { graphPath, config: model.layout!.config, threadCount: 1 },
      },
      threadCount: 2,
      maxQueueLength: 8,
    });
  });

  afterAll(async () => {
    await pool?.close();
    rmSync(cacheDir, { recursive: true, force: true });
  });

  test('a page becomes its plan, and its crops the same patches in one task or in several', async () => {
    const document = pool.share(readFileSync(join(pocketDir, 'layout/samples/page0.png')));
    const { kind, pages } = await pool.openDocument(document);
    expect([kind, pages.length]).toEqual(['image', 1]);
    const page = await pool.preparePage({ document, pageIndex: 0, recipe: defaultRecipe });
    expect([page.image.width, page.image.height]).toEqual([pages[0].width, pages[0].height]);
    expect(page.image.data.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(page.detections.length).toBeGreaterThan(3);
    const planned = page.plan.blocks.flatMap((block) => block.crops);
    expect(planned.length).toBeGreaterThan(3);
    const { image, plan } = page;
    const cut = (crops: typeof planned) => pool.prepareCrops({ image, slope: plan.slope, crops, pixels: {} });
    const whole = await cut(planned);
    expect(whole.patches.length).toBe(planned.length);
    for (const { patches, gridHeight, gridWidth, isGrey } of whole.patches) {
      expect(patches.length).toBe(gridHeight * gridWidth * (isGrey ? 196 : 588));
    }
    expect(whole.cropMs).toBeGreaterThan(0);
    const pieces = await Promise.all([cut(planned.slice(0, 1)), cut(planned.slice(1, 3)), cut(planned.slice(3))]);
    expect(pieces.flatMap(({ patches }) => patches)).toEqual(whole.patches);
  });

  test('a page decoded, searched for ink and planned in tasks of their own has the plan of one, whoever ran the detector', async () => {
    const document = pool.share(readFileSync(join(pocketDir, 'layout/samples/page0.png')));
    const whole = await pool.preparePage({ document, pageIndex: 0, recipe: defaultRecipe });
    expect(whole.isDetected).toBe(true);
    const { image } = await pool.decodePage({ document, pageIndex: 0 });
    expect(image).toEqual(whole.image);
    const bands = await Promise.all([0, 1, 2].map((band) => pool.makeBand({ image, band, count: 3 })));
    const [{ size }] = bands;
    const pixels = joinBands(
      bands.map((band) => band.pixels),
      size.height,
    );
    const detector = await openSession(graphPath, { device: { kind: 'cpu' }, threadCount: 1 });
    const outputs = await runDetector(detector, { ...size, pixels });
    await detector.close();
    const { ink } = await pool.findInk({ image });
    for (const given of [null, outputs]) {
      const planned = await pool.planPage({ image, recipe: defaultRecipe, outputs: given, ink });
      expect([planned.plan, planned.detections]).toEqual([whole.plan, whole.detections]);
      expect(planned.isDetected).toBe(given === null);
    }
  });

  test('without layout a page is one block of the asked kind', async () => {
    const document = pool.share(input('two-pages.pdf'));
    const recipe = { ...defaultRecipe, useLayoutDetection: false, promptLabel: 'formula' as const };
    const page = await pool.preparePage({ document, pageIndex: 1, recipe });
    expect([page.pageIndex, page.image.width, page.image.height]).toEqual([1, 288, 144]);
    expect(page.plan.blocks.map(({ label, box }) => [label, box])).toEqual([['display_formula', [0, 0, 288, 144]]]);
    expect(page.plan.blocks[0].crops.map(({ task }) => task)).toEqual(['formula']);
    pool.closeDocument(document.documentId);
  });

  test('a picture of the chat API is one crop of the whole', async () => {
    const bytes = readFileSync(join(pocketDir, 'samples/00_en_line.png'));
    const picture = await pool.preparePicture({ bytes, task: 'ocr', pixels: {} });
    expect([picture.width, picture.height, picture.patches.gridHeight, picture.patches.gridWidth]).toEqual([
      420, 42, 4, 30,
    ]);
    await expect(pool.preparePicture({ bytes: input('two-pages.pdf'), task: 'ocr', pixels: {} })).rejects.toMatchObject(
      {
        name: 'ModelError',
        code: 'INPUT_UNSUPPORTED',
      },
    );
  });

  test('parts of a page become JPEGs no larger than asked for', async () => {
    const document = pool.share(readFileSync(join(pocketDir, 'layout/samples/page0.png')));
    const recipe = { ...defaultRecipe, useLayoutDetection: false };
    const { image } = await pool.preparePage({ document, pageIndex: 0, recipe });
    const jpegs = await pool.encodeJpegs({ image, boxes: [null, [10, 20, 60, 50]], maxSide: 100, quality: 80 });
    const sizes = await Promise.all(jpegs.map((bytes) => pool.openDocument(pool.share(bytes))));
    expect(Math.max(sizes[0].pages[0].width, sizes[0].pages[0].height)).toBe(100);
    expect(sizes[1].pages).toEqual([{ width: 50, height: 30 }]);
  });

  test('errors keep their class and code across the thread, and the next input is read', async () => {
    for (const [name, code] of [
      ['bomb.png', 'IMAGE_TOO_LARGE'],
      ['encrypted.pdf', 'PDF_ENCRYPTED'],
      ['no-pages.pdf', 'PDF_EMPTY'],
      ['broken.pdf', 'PDF_UNREADABLE'],
    ]) {
      await expect(pool.openDocument(pool.share(input(name)))).rejects.toMatchObject({ name: 'ModelError', code });
      expect((await pool.openDocument(pool.share(input('plain.png')))).pages).toHaveLength(1);
    }
  });

  test('a full queue is refused at once', async () => {
    const document = pool.share(readFileSync(join(pocketDir, 'layout/samples/page1.png')));
    const recipe = { ...defaultRecipe, useLayoutDetection: false };
    const tasks = Array.from({ length: 14 }, () => pool.preparePage({ document, pageIndex: 0, recipe }));
    const outcomes = await Promise.allSettled(tasks);
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(14);
    for (const { reason } of refused) expect(reason).toMatchObject({ name: 'PoolError', code: 'OVERLOADED' });
  });
});

const setup = { limits, imageProcessor: {} as never, hints: defaultPageHints };

test('a PDF stays open between its pages until it is closed', async () => {
  const pool = openPreparePool({ setup, threadCount: 1, maxQueueLength: 8 });
  const document = pool.share(input('two-pages.pdf'));
  const other = { documentId: document.documentId, bytes: pool.share(input('broken.pdf')).bytes };
  await pool.openDocument(document);
  // The thread knows the id, so these bytes are not even looked at.
  expect((await pool.openDocument(other)).pages).toHaveLength(2);
  pool.closeDocument(document.documentId);
  await expect.poll(() => pool.openDocument(other).catch(({ code }) => code), { timeout: 5000 }).toBe('PDF_UNREADABLE');
  await pool.close();
});

describe('threads that die', () => {
  const openWith = (worker: string, threadCount: number) =>
    openPreparePool({ setup, threadCount, maxQueueLength: 8, workerPath: path(`test/support/${worker}`) });
  const ask = (pool: PreparePool, documentId: string) => pool.openDocument({ documentId, bytes: new Uint8Array(1) });

  test.each(['exit', 'throw', 'memory'])(
    '%s: the task fails with a code and the next one is done',
    async (behaviour) => {
      const pool = openWith('dying-prepare-worker.mjs', 1);
      for (let round = 0; round < 3; round++) {
        const dying = ask(pool, behaviour);
        await expect(dying).rejects.toMatchObject({ name: 'PoolError', code: 'PREPARE_FAILED' });
        expect((await ask(pool, 'good')).pages[0].width).toBe(144);
      }
      await pool.close();
    },
  );

  test('a task that never ends costs its thread, one that ONNX Runtime computes for does not', async () => {
    const workerPath = path('test/support/dying-prepare-worker.mjs');
    const pool = openPreparePool({ setup, threadCount: 1, maxQueueLength: 8, taskTimeoutMs: 200, workerPath });
    const waiting = [ask(pool, 'hang'), ask(pool, 'good'), ask(pool, 'protected')];
    await expect(waiting[0]).rejects.toMatchObject({ code: 'PREPARE_FAILED' });
    expect((await waiting[1]).kind).toBe('image');
    expect((await waiting[2]).kind).toBe('image');
    await pool.close();
  });

  test('a death does not touch what runs beside it', async () => {
    const pool = openWith('dying-prepare-worker.mjs', 2);
    const slow = ask(pool, 'slow');
    await expect(ask(pool, 'exit')).rejects.toMatchObject({ code: 'PREPARE_FAILED' });
    expect((await slow).kind).toBe('image');
    await pool.close();
  });

  test('a thread that cannot load fails tasks instead of keeping them', async () => {
    const pool = openWith('failing-prepare-worker.mjs', 1);
    for (let round = 0; round < 3; round++) {
      await expect(ask(pool, 'good')).rejects.toMatchObject({ code: 'PREPARE_FAILED' });
    }
    await pool.close();
  });

  test('a code nobody knows becomes PREPARE_FAILED, and a closed pool refuses', async () => {
    const pool = openWith('dying-prepare-worker.mjs', 1);
    await expect(ask(pool, 'strange')).rejects.toMatchObject({ name: 'PoolError', code: 'PREPARE_FAILED' });
    await pool.close();
    await pool.close();
    await expect(ask(pool, 'good')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });
});
