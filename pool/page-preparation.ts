import type { RecipeOptions } from '#models';
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

/** A page ready to be cut. */
export interface PageOnHand extends PreparedPage {
  /** Part of `timings.detectMs` in which a device had it, and no thread. */
  readonly deviceMs: number;
}

/**
 * Prepares a page: in one task of a prepare thread, or, where a device detects layouts, in three: while the device has
 * the page, a thread finds its ink. A page that the device gives no answer for is detected by the last task. Rejects when the page
 * cannot be prepared or the run is over.
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

async function prepareWithDevice(
  pageIndex: number,
  { prepare, detection, scope, document, recipe }: PreparePageParts,
): Promise<PageOnHand> {
  const { image, input, timings: first } = await scope.race(prepare.decodePage({ document, pageIndex }));
  const sentAt = performance.now();
  const detecting = detection
    .detect(input, scope.signal)
    .then((outputs) => ({ outputs, deviceMs: performance.now() - sentAt }));
  const [{ outputs, deviceMs }, { ink, inkMs }] = await scope.race(
    Promise.all([detecting, prepare.findInk({ image })]),
  );
  const { timings: second, ...planned } = await scope.race(prepare.planPage({ image, recipe, outputs, ink }));
  const detectMs = first.inputMs + deviceMs + second.detectMs;
  return {
    pageIndex,
    image,
    ...planned,
    timings: { decodeMs: first.decodeMs, detectMs, planMs: inkMs + second.planMs },
    deviceMs,
  };
}
