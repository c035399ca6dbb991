import { BroadcastChannel, threadId } from 'node:worker_threads';
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import sharp from 'sharp';
import {
  cropProcessor,
  cropToPatches,
  type DetectorOutputs,
  ModelError,
  type PageInk,
  packInk,
  type RecipeOptions,
  type RgbImage,
  readInk,
  runDetector,
  type Session,
  unpackInk,
} from '#models';
import { openSession } from '../engine/session.js';
import { type Failure, PoolError } from '../errors.js';
import { decodeImage } from './decode-image.js';
import { drawLayout as drawRegions } from './draw-layout.js';
import { encodeJpegs as encodeAll } from './encode-jpegs.js';
import { decodePage as decodeShared, openDocument as openShared } from './open-document.js';
import { createPdfCache } from './pdf-cache.js';
import { cropPatches, detectorBandOf, detectorPixels, layOutPage } from './prepare-page.js';
import {
  type BandTask,
  type CropsTask,
  type CutCrops,
  callSlots,
  type DecodedPage,
  type DecodeTask,
  type DetectorBand,
  type DocumentClosed,
  type FoundInk,
  type JpegTask,
  type LayoutPictureTask,
  type PageTask,
  type PictureTask,
  type PlannedPage,
  type PlanTask,
  type PrepareAnswer,
  type PrepareCall,
  type PreparedPage,
  type PreparedPicture,
  type PrepareSetup,
  type SharedDocument,
} from './prepare-protocol.js';
import { sniffInput } from './sniff-input.js';

// What a thread of the prepare pool loads. Each export is a task of `PrepareTasks`.

const setup = workerData as PrepareSetup;

// One thread of the pool is one core's worth of work, and no page is decoded twice.
sharp.concurrency(1);
sharp.cache(false);

const pdfs = createPdfCache();
const channel = new BroadcastChannel(setup.channelName);
channel.onmessage = (event) => pdfs.drop(((event as { data: unknown }).data as DocumentClosed).closedDocumentId);
channel.unref();

let detector: Promise<Session> | null = null;

/** Opened at the first page, so that a server that never lays out a page here does not pay for it. */
async function openDetector(layout: NonNullable<PrepareSetup['layout']>, progress: Int32Array): Promise<Session> {
  const opening = { device: { kind: 'cpu' }, threadCount: layout.threadCount } as const;
  const session = await undisturbed(progress, () => {
    detector ??= openSession(layout.graphPath, opening);
    return detector;
  }).catch((error: unknown) => {
    // The next page tries again, as the cause may pass (memory, a cache that is being written).
    detector = null;
    throw error;
  });
  return { ...session, run: (feeds, fetches) => undisturbed(progress, () => session.run(feeds, fetches)) };
}

/** Keeps the pool from ending this thread for being slow while ONNX Runtime computes. */
async function undisturbed<T>(progress: Int32Array, run: () => Promise<T>): Promise<T> {
  Atomics.store(progress, callSlots.canEnd, 0);
  try {
    return await run();
  } finally {
    Atomics.store(progress, callSlots.canEnd, 1);
  }
}

export function openDocument(call: PrepareCall<SharedDocument>) {
  return answer(call, (document) => openShared(document, setup.limits, pdfs));
}

export function preparePage(call: PrepareCall<PageTask>) {
  return answer(call, async (task): Promise<PreparedPage> => {
    const { image, decodeMs } = await decode(task);
    const { timings, ...planned } = await layOut(image, task.recipe, { outputs: null }, call.progress);
    return { pageIndex: task.pageIndex, image, ...planned, timings: { decodeMs, ...timings } };
  });
}

export function decodePage(call: PrepareCall<DecodeTask>) {
  return answer(call, async (task): Promise<DecodedPage> => ({ pageIndex: task.pageIndex, ...(await decode(task)) }));
}

export function makeBand(call: PrepareCall<BandTask>) {
  return answer(
    call,
    async ({ image, band, count }): Promise<DetectorBand> => {
      if (!setup.layout) throw new TypeError('the model has no layout detector');
      const started = performance.now();
      const { config } = setup.layout;
      const pixels = detectorBandOf(image, config, band, count);
      return { size: config.input.size, pixels, inputMs: performance.now() - started };
    },
    ({ pixels }) => [pixels.buffer],
  );
}

export function findInk(call: PrepareCall<Pick<DecodedPage, 'image'>>) {
  return answer(
    call,
    async ({ image }): Promise<FoundInk> => {
      const started = performance.now();
      const ink = packInk(readInk(image));
      return { ink, inkMs: performance.now() - started };
    },
    ({ ink }) => [ink.bounds.buffer, ink.runs.buffer],
  );
}

export function planPage(call: PrepareCall<PlanTask>) {
  return answer(call, ({ image, recipe, outputs, ink }) =>
    layOut(image, recipe, { outputs, ink: unpackInk(ink) }, call.progress),
  );
}

async function decode({ document, pageIndex }: DecodeTask): Promise<{ image: RgbImage; decodeMs: number }> {
  const started = performance.now();
  const image = toShared(await decodeShared(document, pageIndex, setup.limits, pdfs));
  return { image, decodeMs: performance.now() - started };
}

/** Runs the detector where it is wanted and there are no outputs of a device. */
async function layOut(
  image: RgbImage,
  recipe: RecipeOptions,
  given: { readonly outputs: DetectorOutputs | null; readonly ink?: PageInk },
  progress: Int32Array,
): Promise<PlannedPage> {
  const layout = recipe.useLayoutDetection && !given.outputs ? setup.layout : undefined;
  const detector = layout && (await openDetector(layout, progress));
  const started = performance.now();
  const outputs =
    layout && detector ? await runDetector(detector, detectorPixels(image, layout.config)) : given.outputs;
  const detected = performance.now();
  const { plan, detections } = layOutPage(image, recipe, outputs, given.ink, setup);
  const timings = { detectMs: detected - started, planMs: performance.now() - detected };
  return { plan, detections, isDetected: detector !== undefined, timings };
}

export function prepareCrops(call: PrepareCall<CropsTask>) {
  return answer(
    call,
    async ({ image, slope, crops, pixels }): Promise<CutCrops> => {
      const started = performance.now();
      const patches = crops.map((crop) => cropPatches(image, slope, crop, pixels, setup));
      return { patches, cropMs: performance.now() - started };
    },
    ({ patches }) => patches.map((crop) => crop.patches.buffer),
  );
}

export function preparePicture(call: PrepareCall<PictureTask>) {
  return answer(
    call,
    async ({ bytes, task, pixels }): Promise<PreparedPicture> => {
      const started = performance.now();
      const format = sniffInput(bytes);
      if (format === 'pdf') throw new ModelError('INPUT_UNSUPPORTED', 'A PDF is not a picture; send it to /v1/parse.');
      const image = await decodeImage(bytes, format, 0, setup.limits);
      const patches = cropToPatches(image, cropProcessor(setup.imageProcessor, task, pixels), task);
      return { width: image.width, height: image.height, patches, prepareMs: performance.now() - started };
    },
    ({ patches }) => [patches.patches.buffer],
  );
}

export function encodeJpegs(call: PrepareCall<JpegTask>) {
  return answer(call, encodeAll, (jpegs) => jpegs.map((jpeg) => jpeg.buffer));
}

export function drawLayout(call: PrepareCall<LayoutPictureTask>) {
  return answer(call, drawRegions, (jpeg) => [jpeg.buffer]);
}

/** Runs a task; results move their buffers, errors become plain data. */
async function answer<Input, T>(
  { input, progress }: PrepareCall<Input>,
  run: (input: Input) => Promise<T>,
  buffersOf: (value: T) => readonly ArrayBufferLike[] = () => [],
): Promise<PrepareAnswer<T>> {
  Atomics.store(progress, callSlots.canEnd, 1);
  Atomics.store(progress, callSlots.threadId, threadId);
  try {
    const value = await run(input);
    return moved({ ok: true, value }, buffersOf(value));
  } catch (error) {
    return { ok: false, failure: toFailure(error) };
  }
}

/** Piscina transfers what a movable value names and posts the value itself. */
function moved<T extends object>(value: T, buffers: readonly ArrayBufferLike[]): T {
  return move({ [transferableSymbol]: buffers, [valueSymbol]: value } as Parameters<typeof move>[0]) as unknown as T;
}

function toFailure(error: unknown): Failure {
  if (error instanceof ModelError) return { code: error.code, message: error.message };
  if (error instanceof PoolError) return { code: error.code, message: error.message, detail: error.detail };
  return { code: 'PREPARE_FAILED', message: `The page could not be prepared: ${(error as Error)?.message ?? error}` };
}

/** Page pixels lie in shared memory: the pool and further crop tasks see them without another copy. */
function toShared(image: RgbImage): RgbImage {
  const data = new Uint8Array(new SharedArrayBuffer(image.data.length));
  data.set(image.data);
  return { ...image, data };
}
