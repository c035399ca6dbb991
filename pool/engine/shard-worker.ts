import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import type { CropPatches, DetectorPixels } from '#models';
import type { Failure } from '../errors.js';
import { type Fault, type FaultKind, strikes } from '../fault-injection.js';
import { takePixels } from '../pixel-files.js';
import type {
  CropMessage,
  DetectorPixelsFile,
  DetectorState,
  ShardReport,
  ShardRequest,
  ShardSetup,
} from '../protocol.js';
import { type Engine, type EngineCrop, EngineFault, type StepResult } from './engine.js';
import { openEngine as openOwnEngine } from './open-engine.js';
import { type DetectorSetup, openPageDetector, type PageDetector } from './page-detector.js';

/** The one task of a shard's thread. */
export interface ShardTask {
  readonly setup: ShardSetup;
  readonly port: MessagePort;
  /** See `EngineSetup`. */
  readonly recordingGate?: SharedArrayBuffer;
}

/** Pages whose layout is detected between two steps: none can be begun before it is, yet running crops must not stall. */
const mostDetections = 2;
/** A fault acted out at a detection waits so long: a real one comes in the run, when the report before it is out. */
const actingPauseMs = 20;

/**
 * A shard: takes crops from its port, steps its engine while there is work, and answers after every step; before a step
 * come pages whose layout it is to detect. It is one task of a Piscina thread that lasts as long as the shard. A run
 * blocks the thread, so messages are read between steps. Ends when told to stop, when the port closes, or after a fault
 * of engine or detector.
 */
export default async function runShard({ setup, port, recordingGate }: ShardTask): Promise<void> {
  const startedAt = performance.now();
  const post = (report: ShardReport): void => port.postMessage(report);
  const inbox: ShardRequest[] = [];
  let isStopped = false;
  let wake = (): void => {};
  port.on('message', (request: ShardRequest) => {
    inbox.push(request);
    wake();
  });
  port.on('close', () => {
    isStopped = true;
    wake();
  });

  let engine: Engine | null = null;
  let detector = null as PageDetector | null;
  /** Crops that are here, for the fault switch and for blame where the engine cannot tell. */
  const crops = new Map<number, EngineCrop>();
  /** Pages that wait for the detector, by their ids. */
  const pages = new Map<number, DetectorPixels>();
  let stepCount = 0;
  let detectionCount = 0;

  const read = (opened: Engine): void => {
    for (const request of inbox.splice(0)) {
      if (request.type === 'stop') isStopped = true;
      else if (request.type === 'cancel') {
        for (const id of request.ids) {
          opened.cancel(id);
          crops.delete(id);
        }
      } else if (request.type === 'detect') pages.set(request.id, loadPage(request.page));
      else if (request.type === 'cancel-detection') pages.delete(request.id);
      else {
        const crop = loadCrop(request.crop);
        crops.set(crop.id, crop);
        opened.admit(crop);
      }
    }
  };

  /** Lets the faults of this moment strike; gives those that did. */
  const strike = async (opened: Engine, detection?: number): Promise<readonly Fault[]> => {
    const ageMs = performance.now() - startedAt;
    const moment = { ...setup, step: stepCount, detection, ageMs, crops: [...crops.values()] };
    const struck = setup.faults.filter((fault) => strikes(fault, moment));
    if (detection !== undefined && struck.length > 0) await sleep(actingPauseMs);
    for (const fault of struck) {
      if (fault.kind === 'cuda-fault') await opened.fault?.();
      else misbehave(fault.kind, fault.forMs);
    }
    return struck;
  };

  /** A shard whose detector cannot be opened does all else. */
  const openDetector = async (opened: Engine, given: DetectorSetup): Promise<DetectorState> => {
    post({ type: 'detecting' });
    try {
      await strike(opened, detectionCount);
      detector = await openPageDetector(given, { ...setup, recordingGate });
      return { isOpen: true };
    } catch (error) {
      return { isOpen: false, reason: toFailure(error).message };
    }
  };

  const detectSome = async (opened: Engine, by: PageDetector): Promise<void> => {
    for (const [id, page] of [...pages].slice(0, mostDetections)) {
      pages.delete(id);
      detectionCount++;
      post({ type: 'detecting' });
      try {
        await strike(opened, detectionCount);
        post({ type: 'detected', id, outputs: await by.detect(page) });
      } catch (cause) {
        // No crop took part.
        throw new EngineFault(`The layout detector failed: ${toFailure(cause).message}`, [], { cause });
      }
    }
  };

  try {
    const { openEngine } = setup.engineModule
      ? ((await import(setup.engineModule)) as { openEngine: typeof openOwnEngine })
      : { openEngine: openOwnEngine };
    engine = await openEngine({ ...setup, recordingGate });
    const state = setup.detector && (await openDetector(engine, setup.detector));
    const startMs = performance.now() - startedAt;
    post({ type: 'ready', capacity: engine.capacity, startMs, ...(state && { detector: state }) });
    for (;;) {
      read(engine);
      if (isStopped) break;
      if (detector) await detectSome(engine, detector);
      if (!engine.hasWork) {
        if (detector && pages.size > 0) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (inbox.length > 0 || isStopped) resolve();
        });
        continue;
      }
      stepCount++;
      const struck = await strike(engine);
      const result = await engine.step();
      for (const event of result.events) if (event.type !== 'tokens') crops.delete(event.id);
      const isGarbled = struck.some(({ kind }) => kind === 'wrong-canary');
      post({ type: 'step', ...(isGarbled ? garble(result) : result) });
      // A turn of the event loop: messages that came in during the run are read before the next one.
      await nextTurn();
    }
  } catch (error) {
    const suspectIds = error instanceof EngineFault ? error.suspectIds : [...crops.keys()];
    post({ type: 'failed', failure: toFailure(error), suspectIds });
  } finally {
    // A session that failed may fail again when it is released; the shard ends in any case.
    await detector?.close().catch(() => {});
    await engine?.close().catch(() => {});
    port.close();
  }
}

function loadCrop(message: CropMessage): EngineCrop {
  const images = message.images.map((image): CropPatches => {
    if (!('file' in image)) return image;
    const { file, ...grid } = image;
    return { ...grid, patches: takePixels(file) };
  });
  return { ...message, images };
}

function loadPage(page: DetectorPixels | DetectorPixelsFile): DetectorPixels {
  if (!('file' in page)) return page;
  const { file, ...size } = page;
  return { ...size, pixels: takePixels(file) };
}

function toFailure(error: unknown): Failure {
  const code = (error as { code?: unknown })?.code;
  const message = error instanceof Error ? error.message : String(error);
  return { code: typeof code === 'string' ? code : 'DEVICE_LOST', message };
}

function misbehave(kind: FaultKind, forMs = 3_600_000): void {
  if (kind === 'crash-thread') process.exit(70);
  if (kind === 'kill-process') process.kill(process.pid, 'SIGKILL');
  // `process.abort` does not work in threads.
  if (kind === 'abort-process') process.kill(process.pid, 'SIGABRT');
  if (kind === 'throw') throw new Error('a fault was injected');
  if (kind === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);
}

/** Turns every finished reading into a wrong one. */
function garble(result: StepResult): StepResult {
  const events = result.events.map((event) =>
    event.type === 'finished'
      ? { ...event, reading: { ...event.reading, tokenIds: [], logprobs: [], keepCount: 0 } }
      : event,
  );
  return { ...result, events };
}
