import { readFileSync, unlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import type { CropPatches } from '#models';
import type { Failure } from '../errors.js';
import { type FaultKind, strikes } from '../fault-injection.js';
import type { CropMessage, PatchesFile, ShardReport, ShardRequest, ShardSetup } from '../protocol.js';
import { type Engine, type EngineCrop, EngineFault, type StepResult } from './engine.js';
import { openEngine as openOwnEngine } from './open-engine.js';

/** The one task of a shard's thread. */
export interface ShardTask {
  readonly setup: ShardSetup;
  readonly port: MessagePort;
  /** See `EngineSetup`. */
  readonly recordingGate?: SharedArrayBuffer;
}

/**
 * A shard: takes crops from its port, steps its engine while there is work, and answers after every step. It is one
 * task of a Piscina thread that lasts as long as the shard. A run blocks the thread, so messages are read between
 * steps. Ends when told to stop, when the port closes, or after a fault of the engine.
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
  /** Crops that are here, for the fault switch and for blame where the engine cannot tell. */
  const crops = new Map<number, EngineCrop>();
  let stepCount = 0;

  const read = (opened: Engine): void => {
    for (const request of inbox.splice(0)) {
      if (request.type === 'stop') isStopped = true;
      else if (request.type === 'cancel') {
        for (const id of request.ids) {
          opened.cancel(id);
          crops.delete(id);
        }
      } else {
        const crop = loadCrop(request.crop);
        crops.set(crop.id, crop);
        opened.admit(crop);
      }
    }
  };

  try {
    const { openEngine } = setup.engineModule
      ? ((await import(setup.engineModule)) as { openEngine: typeof openOwnEngine })
      : { openEngine: openOwnEngine };
    engine = await openEngine({ ...setup, recordingGate });
    post({ type: 'ready', capacity: engine.capacity, startMs: performance.now() - startedAt });
    for (;;) {
      read(engine);
      if (isStopped) break;
      if (!engine.hasWork) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (inbox.length > 0 || isStopped) resolve();
        });
        continue;
      }
      stepCount++;
      const moment = { ...setup, step: stepCount, ageMs: performance.now() - startedAt, crops: [...crops.values()] };
      const struck = setup.faults.filter((fault) => strikes(fault, moment));
      for (const fault of struck) {
        if (fault.kind === 'cuda-fault') await engine.fault?.();
        else misbehave(fault.kind, fault.forMs);
      }
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
    await engine?.close().catch(() => {});
    port.close();
  }
}

function loadCrop(message: CropMessage): EngineCrop {
  const images = message.images.map((image): CropPatches => ('file' in image ? readPatches(image) : image));
  return { ...message, images };
}

/** The file is ours now; what is left after a crash is swept with its folder. */
function readPatches({ file, ...grid }: PatchesFile): CropPatches {
  const { buffer, byteOffset, length } = readFileSync(file);
  const patches = new Uint8Array(buffer, byteOffset, length);
  unlinkSync(file);
  return { ...grid, patches };
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
