import { setTimeout as sleep } from 'node:timers/promises';
import type { CropPatches } from '#models';
import { canaryId } from '../canary.js';
import type { DeviceHost, HostListener } from '../device-host.js';
import type { EngineEvent } from '../engine/engine.js';
import type { Failure } from '../errors.js';
import type { CropMessage, ShardReport } from '../protocol.js';
import { AnswerError } from './answer-error.js';
import { encodeCropFrame } from './crop-frame.js';
import {
  type CropHead,
  type EngineLine,
  type EngineLoad,
  type EngineStatus,
  engineProtocol,
} from './engine-contract.js';
import { openRemoteClient } from './remote-client.js';
import { judgeRemoteFailure } from './remote-failure.js';

export interface RemoteHostOptions {
  readonly url: string;
  readonly apiKey: string;
  /** Of this process. */
  readonly instance: string;
  readonly model: EngineStatus['model'];
  /** The other host must take sequences as long as ours. */
  readonly maxSequenceLength: number;
  readonly stepTimeoutMs: number;
}

/** Pause between two looks at the other host's state, and time one may take, at most. */
const longestPauseMs = 2_000;
const longestLookMs = 10_000;
/** Looks without an answer after which the host counts as lost. */
const mostFailedLooks = 3;
/** Connections that may break between two answers while the host itself goes on answering. */
const mostBrokenCalls = 8;
/** A quiet stream is no sign of death before this: the other host speaks every five seconds. */
const leastQuietMs = 20_000;
const mostRestMs = 30_000;

/**
 * The engine of another Quire as a device with one shard: each crop is a request whose answer streams back, the load
 * that every answer carries stands in for the reports of steps, and a look every two seconds shows that the host is
 * alive. A crop it has no room for comes back. A host that cannot be reached is an exit: its crops run elsewhere.
 */
export function openRemoteHost(options: RemoteHostOptions, listener: HostListener): DeviceHost {
  const shard = 0;
  const quietMs = Math.max(options.stepTimeoutMs, leastQuietMs);
  // A busy shard must be heard of within the time of a step.
  const lookMs = Math.min(longestPauseMs, options.stepTimeoutMs / 4);
  const statusTimeoutMs = Math.min(longestLookMs, options.stepTimeoutMs);
  const client = openRemoteClient({ ...options, quietMs, statusTimeoutMs });
  const openedAt = performance.now();
  const calls = new Map<number, AbortController>();
  /** Sent, and not in the load that the other host reports. */
  const unaccepted = new Set<AbortController>();
  let load: EngineLoad = { queuedCount: 0, runningCount: 0, outstandingCost: 0, kvBlocksUsed: 0 };
  let told: EngineStatus['capacity'] | null = null;
  let brokenCount = 0;
  let isLeft = false;

  function report(given: ShardReport): void {
    if (!isLeft) listener.onReport(shard, given);
  }

  function tell(...events: EngineEvent[]): void {
    const { queuedCount, runningCount, kvBlocksUsed } = load;
    const waitingCount = queuedCount + unaccepted.size;
    const state = { durationMs: 0, batchSize: 0, prefillCount: 0, waitingCount, runningCount, kvBlocksUsed };
    report({ type: 'step', events, report: state });
  }

  function fail(failure: Failure, suspectIds: readonly number[] = []): void {
    report({ type: 'failed', failure: { ...failure, message: `${options.url}: ${failure.message}` }, suspectIds });
  }

  function leave(error: unknown): void {
    if (isLeft) return;
    end();
    // Whoever ended it, or the network between: nothing is proven against the crops.
    listener.onExit({ reason: `${options.url} cannot be reached: ${reasonOf(error)}`, isOutsideKill: true });
  }

  let ending: Promise<void> | null = null;
  function end(): Promise<void> {
    isLeft = true;
    for (const call of calls.values()) call.abort();
    calls.clear();
    ending ??= client.close();
    return ending;
  }

  async function look(): Promise<void> {
    const status = await client.status();
    const failure = refuse(status, options);
    if (failure) {
      fail(failure);
      return;
    }
    load = status.load;
    const { maxBatch, kvBlocksTotal } = status.capacity;
    if (told?.maxBatch === maxBatch && told.kvBlocksTotal === kvBlocksTotal) {
      tell();
      return;
    }
    // Devices of the other host came or went: it is proven again.
    told = status.capacity;
    report({ type: 'ready', capacity: status.capacity, startMs: performance.now() - openedAt });
  }

  async function watch(): Promise<void> {
    let failedCount = 0;
    while (!isLeft) {
      try {
        await look();
        failedCount = 0;
      } catch (error) {
        failedCount++;
        const verdict = judgeRemoteFailure(error);
        if (isLeft) return;
        if ('failure' in verdict) fail(verdict.failure);
        else if (!told || ('isGone' in verdict && verdict.isGone) || failedCount >= mostFailedLooks) leave(error);
      }
      // A server that ends must not wait for this.
      await sleep(lookMs, undefined, { ref: false });
    }
  }

  async function read(crop: CropMessage): Promise<void> {
    const call = new AbortController();
    const isCurrent = (): boolean => !isLeft && calls.get(crop.id) === call;
    calls.set(crop.id, call);
    unaccepted.add(call);
    try {
      let isAnswered = false;
      for await (const line of client.read(frame(crop, options), call.signal)) {
        // Read to its end, an answer leaves its connection to the next crop.
        if (isAnswered) continue;
        if (!isCurrent()) return;
        unaccepted.delete(call);
        isAnswered = hear(crop, line);
      }
      if (!isAnswered) throw new Error('its answer broke off');
    } catch (error) {
      if (isCurrent()) await settle(crop, error, isCurrent);
    } finally {
      unaccepted.delete(call);
      if (calls.get(crop.id) === call) calls.delete(crop.id);
    }
  }

  /** Whether the line was the last. */
  function hear({ id }: CropMessage, line: EngineLine): boolean {
    if ('load' in line) load = line.load;
    if (line.type === 'error') throw new AnswerError(200, line.error.code, line.error.message, 0);
    if (line.type === 'accepted' || line.type === 'waiting') {
      tell();
      return false;
    }
    brokenCount = 0;
    if (line.type === 'tokens') tell({ type: 'tokens', id, tokenIds: line.tokenIds, logprobs: line.logprobs });
    else {
      calls.delete(id);
      tell(
        line.type === 'finished'
          ? { type: 'finished', id, reading: line.reading }
          : { type: 'refused', id, failure: line.failure },
      );
    }
    return line.type !== 'tokens';
  }

  async function settle(crop: CropMessage, error: unknown, isCurrent: () => boolean): Promise<void> {
    const verdict = judgeRemoteFailure(error);
    if (verdict.kind === 'crop') {
      tell({ type: 'refused', id: crop.id, failure: verdict.failure });
    } else if (verdict.kind === 'device') {
      fail(verdict.failure, verdict.isBlamed ? [crop.id] : []);
    } else if (verdict.kind === 'busy') {
      giveBack(crop, verdict.retryAfterMs);
    } else {
      // One connection may break where the host lives on: a look tells.
      brokenCount++;
      const isAlive =
        brokenCount <= mostBrokenCalls &&
        (await look()
          .then(() => true)
          .catch(() => false));
      if (!isCurrent()) return;
      if (isAlive) giveBack(crop, 0);
      else leave(error);
    }
  }

  function giveBack(crop: CropMessage, waitMs: number): void {
    const restMs = Math.min(mostRestMs, waitMs);
    if (crop.id !== canaryId) {
      report({ type: 'returned', ids: [crop.id], restMs });
      return;
    }
    setTimeout(() => {
      if (!isLeft) void read(crop);
    }, restMs).unref();
  }

  void watch();
  return {
    post(_shard, request) {
      if (isLeft) return;
      if (request.type === 'admit') void read(request.crop);
      if (request.type !== 'cancel') return;
      for (const id of request.ids) {
        const call = calls.get(id);
        calls.delete(id);
        call?.abort();
      }
    },
    close: end,
    kill: () => void end(),
  };
}

function frame(crop: CropMessage, { model, instance }: RemoteHostOptions): Uint8Array {
  const { task, promptIds, maxTokens, ignoresStop, isStreamed, prefix, priority = 'interactive' } = crop;
  // Files are for the process next door; the pool itself holds bytes.
  const images = crop.images as readonly CropPatches[];
  const head: CropHead = {
    protocol: engineProtocol,
    weightsId: model.weightsId,
    from: instance,
    priority,
    task,
    promptIds: [...promptIds],
    images: images.map(({ patches: _, ...image }) => image),
    maxTokens,
    ...(ignoresStop && { ignoresStop }),
    isStreamed,
    ...(prefix && { prefix: { tokenIds: [...prefix.tokenIds], logprobs: [...prefix.logprobs] } }),
  };
  return encodeCropFrame(
    head,
    images.map(({ patches }) => patches),
  );
}

/** Why the other host cannot work for this one, if so. */
function refuse(status: EngineStatus, { instance, model, maxSequenceLength }: RemoteHostOptions): Failure | null {
  const mismatch = (message: string): Failure => ({ code: 'MODEL_MISMATCH', message });
  if (status.protocol !== engineProtocol) {
    return mismatch(`it speaks version ${status.protocol} of the engine protocol, this host ${engineProtocol}`);
  }
  if (status.instance === instance) return mismatch('it is this server itself');
  if (status.model.weightsId !== model.weightsId) {
    return mismatch(`it serves other weights (${status.model.name}) than this host (${model.name})`);
  }
  if (status.maxSequenceLength < maxSequenceLength) {
    return mismatch(
      `its engine.maxSequenceLength is ${status.maxSequenceLength}, less than ${maxSequenceLength} of this host`,
    );
  }
  return status.isReady ? null : { code: 'NO_DEVICE', message: 'none of its own devices is ready' };
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message ?? 'unknown reason';
}
