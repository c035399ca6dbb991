import type { ModelFolder } from '#models';
import type { CropAnswer, CropReading } from '../crop-job.js';
import type { Device } from '../device.js';
import type { Dispatcher } from '../dispatcher.js';
import { PoolError } from '../errors.js';
import type { HeldBytes } from '../held-bytes.js';
import type { RunOptions } from '../pool.js';
import { openRunScope, type RunScope } from '../run-scope.js';
import type { CropFrame } from './crop-frame.js';
import { type EngineLine, type EngineLoad, type EngineStatus, engineProtocol } from './engine-contract.js';
import { openFrame } from './open-frame.js';

/** The engine of this host at the service of others. */
export interface EngineDesk {
  status(): EngineStatus;
  /**
   * Reads a crop of another host on a device of this one, never on a third. The first line comes when it is in the
   * queue; before that it may reject with MODEL_MISMATCH, CROP_INVALID, OVERLOADED, NO_DEVICE or SHUTTING_DOWN.
   */
  read(frame: CropFrame, options: Omit<RunOptions, 'priority'>): AsyncGenerator<EngineLine>;
  /** Ends what is left of such crops. */
  close(): void;
}

export interface EngineDeskParts {
  readonly instance: string;
  readonly model: ModelFolder;
  readonly identity: EngineStatus['model'];
  readonly maxSequenceLength: number;
  readonly maxQueuedCrops: number;
  readonly maxHeldBytes: number;
  readonly dispatcher: Dispatcher;
  readonly devices: () => readonly Device[];
  readonly heldPixels: HeldBytes;
  /** Cost done in a millisecond by this host. */
  readonly costPerMs: () => number;
}

/** A sign of life while a crop waits, for proxies and for the host that asks. */
const heartbeatMs = 5_000;
/** Crops of other hosts here at once, for each row of a batch: enough to keep the rows filled. */
const cropsPerRow = 4;
const leastCropLimit = 16;

export function createEngineDesk(parts: EngineDeskParts): EngineDesk {
  const { instance, identity, dispatcher, heldPixels } = parts;
  const scopes = new Set<RunScope>();
  let nextKey = 1;
  let isClosed = false;

  /** Only what computes here: a crop that came from a host is not sent on to another. */
  const own = (): readonly Device[] => parts.devices().filter(({ isRemote }) => !isRemote);
  const capacity = (): EngineStatus['capacity'] => {
    const shards = own().flatMap(({ openShards }) => openShards);
    const sum = (value: 'maxBatch' | 'kvBlocksTotal') =>
      shards.reduce((total, shard) => total + (shard.capacity?.[value] ?? 0), 0);
    return { maxBatch: sum('maxBatch'), kvBlocksTotal: sum('kvBlocksTotal') };
  };
  const load = (): EngineLoad => {
    const shards = own().flatMap((device) => device.shards);
    const sum = (value: 'runningCount' | 'outstandingCost' | 'kvBlocksUsed') =>
      shards.reduce((total, shard) => total + shard[value], 0);
    return {
      queuedCount: dispatcher.queuedCount,
      runningCount: sum('runningCount'),
      outstandingCost: dispatcher.queuedCost + sum('outstandingCost'),
      kvBlocksUsed: sum('kvBlocksUsed'),
    };
  };

  function admit({ head, pixels }: CropFrame): void {
    if (isClosed) throw new PoolError('SHUTTING_DOWN', 'The server is shutting down.');
    if (head.weightsId !== identity.weightsId) {
      throw new PoolError(
        'MODEL_MISMATCH',
        `This host serves other weights (${identity.name}) than the one that asks.`,
      );
    }
    const { maxBatch } = capacity();
    if (maxBatch === 0) throw new PoolError('NO_DEVICE', 'No device of this host is ready.');
    const isFull =
      scopes.size >= Math.max(leastCropLimit, maxBatch * cropsPerRow) ||
      dispatcher.queuedCount >= parts.maxQueuedCrops ||
      (heldPixels.used > 0 && heldPixels.used + pixels.length > parts.maxHeldBytes);
    if (!isFull) return;
    const retryAfterMs = Math.ceil(Math.min(10_000, Math.max(100, dispatcher.queuedCost / parts.costPerMs())));
    throw new PoolError('OVERLOADED', 'This host has no room for more crops.', { reason: 'crops', retryAfterMs });
  }

  async function* read(frame: CropFrame, options: Omit<RunOptions, 'priority'>): AsyncGenerator<EngineLine> {
    admit(frame);
    const crop = openFrame(frame, parts.model, parts.maxSequenceLength);
    const { from, priority, isStreamed } = frame.head;
    const flow = `engine ${priority} ${from}`;
    const key = nextKey++;
    const tokens: { tokenIds: number[]; logprobs: number[] } = { tokenIds: [], logprobs: [] };
    let answer: CropAnswer | null = null;
    let wake = (): void => {};
    const scope = openRunScope(options);
    scopes.add(scope);
    let release = (): void => {};
    try {
      release = await scope.race(heldPixels.acquire(frame.pixels.length, scope.signal));
      const submitted = dispatcher.submit({
        ...crop,
        flow,
        priority,
        key,
        isLocal: true,
        ...(isStreamed && {
          onTokens: (more) => {
            tokens.tokenIds.push(...more.tokenIds);
            tokens.logprobs.push(...more.logprobs);
            wake();
          },
        }),
      });
      void submitted.then((given) => {
        answer = given;
        wake();
      });
      yield { type: 'accepted', load: load() };
      for (;;) {
        scope.check();
        if (tokens.tokenIds.length > 0) {
          yield { type: 'tokens', tokenIds: tokens.tokenIds.splice(0), logprobs: tokens.logprobs.splice(0) };
        } else if (answer) {
          yield lastLine(answer, load());
          return;
        } else if (!(await scope.race(rest((resume) => (wake = resume))))) {
          yield { type: 'waiting', load: load() };
        }
      }
    } finally {
      scope.close();
      scopes.delete(scope);
      dispatcher.cancelCrop(flow, key);
      release();
    }
  }

  return {
    status: () => {
      const { maxBatch, kvBlocksTotal } = capacity();
      return {
        protocol: engineProtocol,
        instance,
        model: identity,
        isReady: !isClosed && maxBatch > 0,
        maxSequenceLength: parts.maxSequenceLength,
        capacity: { maxBatch, kvBlocksTotal },
        load: load(),
      };
    },
    read,
    close() {
      isClosed = true;
      for (const scope of scopes) scope.abort(new PoolError('SHUTTING_DOWN', 'The server is shutting down.'));
    },
  };
}

/** True when woken, false when it is time for a sign of life. */
function rest(listen: (resume: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), heartbeatMs).unref();
    listen(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

function lastLine(answer: CropAnswer, load: EngineLoad): EngineLine {
  if (answer.ok) return { type: 'finished', reading: toReading(answer.reading), load };
  const { code, message } = answer.failure;
  // Its devices died under it: another host may fare better.
  return code === 'DEVICE_LOST'
    ? { type: 'error', error: { code, message } }
    : { type: 'refused', failure: { code, message } };
}

function toReading({ timings, firstTokenMs, ...reading }: CropReading) {
  const { queueMs, visionMs, prefillMs, decodeMs } = timings;
  return {
    tokenIds: [...reading.tokenIds],
    logprobs: [...reading.logprobs],
    finishReason: reading.finishReason,
    keepCount: reading.keepCount,
    timings: { waitMs: queueMs, visionMs, prefillMs, decodeMs, firstTokenMs },
  };
}
