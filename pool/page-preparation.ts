import { joinBands, type RecipeOptions, type RgbImage } from '#models';
import type { DeviceDetection } from './device-detection.js';
import type { PoolEvent } from './pool.js';
import type { PreparedPage, SharedDocument } from './prepare/prepare-protocol.js';
import type { PrepareDoor } from './prepare-turns.js';
import type { RunScope } from './run-scope.js';

export interface PreparePageParts {
  readonly prepare: PrepareDoor;
  readonly detection: DeviceDetection;
  readonly scope: RunScope;
  readonly document: SharedDocument;
  readonly recipe: RecipeOptions;
  readonly emit: (event: PoolEvent) => void;
}

/** Parts in which the input of the detector is made: it would take one thread longer than the detector takes. */
const bandCount = 4;

/** A page ready to be cut. */
export interface PageOnHand extends PreparedPage {
  /** Part of `timings.detectMs` in which a device had it, and no thread. */
  readonly deviceMs: number;
}

/**
 * Prepares a page: in one task of a prepare thread, or, where a device detects layouts, in several: while the device has
 * the page, a thread finds its ink. A page that the device gives no answer for is detected by the last task. Rejects
 * when the page cannot be prepared or the run is over.
 */
export async function preparePage(pageIndex: number, parts: PreparePageParts): Promise<PageOnHand> {
  const { detection, recipe, emit } = parts;
  const isOnDevice = recipe.useLayoutDetection && detection.isOpen;
  const page = await (isOnDevice ? prepareWithDevice(pageIndex, parts) : prepareAtOnce(pageIndex, parts));
  if (page.isDetected) emit({ type: 'page-detected', device: 'host' });
  return page;
}

async function prepareAtOnce(
  pageIndex: number,
  { prepare, scope, document, recipe }: PreparePageParts,
): Promise<PageOnHand> {
  return { ...(await scope.race(prepare.preparePage({ document, pageIndex, recipe }))), deviceMs: 0 };
}

async function prepareWithDevice(pageIndex: number, parts: PreparePageParts): Promise<PageOnHand> {
  const { prepare, scope, document, recipe } = parts;
  const { image, decodeMs } = await scope.race(prepare.decodePage({ document, pageIndex }));
  const [{ outputs, inputMs, deviceMs }, { ink, inkMs }] = await scope.race(
    Promise.all([detectOnDevice(image, parts), prepare.findInk({ image })]),
  );
  const { timings, ...planned } = await scope.race(prepare.planPage({ image, recipe, outputs, ink }));
  return {
    pageIndex,
    image,
    ...planned,
    timings: { decodeMs, detectMs: inputMs + deviceMs + timings.detectMs, planMs: inkMs + timings.planMs },
    deviceMs,
  };
}

/** Makes the detector's input, in as many threads as are free, and sends it to a device. */
async function detectOnDevice(image: RgbImage, { prepare, detection, scope }: PreparePageParts) {
  const bands = await Promise.all(
    Array.from({ length: bandCount }, (_, band) => prepare.makeBand({ image, band, count: bandCount })),
  );
  const [{ size }] = bands;
  const pixels = joinBands(
    bands.map((band) => band.pixels),
    size.height,
  );
  const sentAt = performance.now();
  const outputs = await detection.detect({ ...size, pixels }, scope.signal);
  const inputMs = bands.reduce((sum, band) => sum + band.inputMs, 0);
  return { outputs, inputMs, deviceMs: performance.now() - sentAt };
}
