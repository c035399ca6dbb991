import type { BalancerPolicy } from './balancer/policy.js';
import type { CostModel } from './cost-model.js';
import type { CropAnswer, CropJob, CropReading, CropSpec } from './crop-job.js';
import type { CropQueue } from './crop-queue.js';
import type { Device, DeviceLoss } from './device.js';
import type { EngineEvent, EngineReading } from './engine/engine.js';
import type { Failure } from './errors.js';
import type { PoolEvent } from './pool.js';
import { judgeCrop } from './retry-policy.js';
import type { Shard } from './shard.js';
import type { ThroughputMeter } from './throughput-meter.js';

export interface DispatcherParts {
  readonly queue: CropQueue<CropJob>;
  readonly policy: BalancerPolicy;
  readonly costModel: CostModel;
  readonly throughput: ThroughputMeter;
  readonly devices: () => readonly Device[];
  readonly maxAttempts: number;
  readonly emit: (event: PoolEvent) => void;
}

/**
 * Brings crops to shards: the queue says which crop is next, the policy which shard with room takes it. Crops of lost
 * devices come back and run again elsewhere; suspects run alone. Every crop that was submitted is answered once.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  /** Crops that must run alone, oldest first. */
  readonly #suspects: CropJob[] = [];
  readonly #places = new Map<number, { readonly device: Device; readonly shard: Shard }>();
  readonly #flows = new Map<string, Set<CropJob>>();
  #nextId = 1;
  #isPumping = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  get queuedCount(): number {
    return this.#parts.queue.length + this.#suspects.length;
  }

  get runningCount(): number {
    return this.#places.size;
  }

  get queuedCost(): number {
    return this.#parts.queue.cost + this.#suspects.reduce((sum, { cost }) => sum + cost, 0);
  }

  /** Never rejects; after `cancelFlow` it stays open for ever and is let go of with its document. */
  submit(spec: CropSpec): Promise<CropAnswer> {
    return new Promise((resolve) => {
      const now = performance.now();
      const job: CropJob = {
        ...spec,
        id: this.#nextId++,
        cost: this.#parts.costModel.cropCost(sizeOf(spec)),
        enqueuedAt: now,
        dispatchedAt: now,
        firstTokenAt: 0,
        deathCount: 0,
        isSuspect: false,
        reported: { tokenIds: [...(spec.prefix?.tokenIds ?? [])], logprobs: [...(spec.prefix?.logprobs ?? [])] },
        settle: resolve,
      };
      const flow = this.#flows.get(spec.flow) ?? new Set();
      this.#flows.set(spec.flow, flow.add(job));
      this.#parts.queue.push(job);
      this.pump();
    });
  }

  /** The document is over: what is left of it leaves queue and shards before their next step. */
  cancelFlow(name: string): void {
    this.#parts.queue.forget(name);
    for (const job of this.#flows.get(name) ?? []) {
      this.#release(job);
    }
    this.#flows.delete(name);
    this.pump();
  }

  /** One crop of a flow is not wanted any more; unknown and answered ones are ignored. */
  cancelCrop(name: string, key: number): void {
    const flow = this.#flows.get(name);
    const job = [...(flow ?? [])].find((candidate) => candidate.key === key);
    if (!flow || !job) return;
    flow.delete(job);
    if (flow.size === 0) this.#flows.delete(name);
    this.#parts.queue.remove(name, (entry) => entry === job);
    this.#release(job);
    this.pump();
  }

  /** Fills every shard that has room. Called whenever room or work may have come up. */
  pump(): void {
    // A device may fail while it is given a crop, which leads back here.
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (this.#dispatchSuspect() || this.#dispatchNext());
    } finally {
      this.#isPumping = false;
    }
    this.#parts.throughput.setBusy(new Set([...this.#places.values()].map(({ shard }) => shard)).size);
  }

  onEvent(_device: Device, shard: Shard, event: EngineEvent): void {
    const job = shard.running.get(event.id);
    if (!job) return;
    if (event.type === 'tokens') {
      job.firstTokenAt ||= performance.now();
      job.reported.tokenIds.push(...event.tokenIds);
      job.reported.logprobs.push(...event.logprobs);
      job.onTokens?.(event);
      return;
    }
    shard.remove(job.id);
    this.#places.delete(job.id);
    if (event.type === 'refused') this.#answer(job, { ok: false, failure: event.failure });
    else this.#finish(job, shard, event.reading);
    this.pump();
  }

  onLost(device: Device, jobs: readonly { readonly job: CropJob; readonly shard: Shard }[], loss: DeviceLoss): void {
    const back: CropJob[] = [];
    for (const { job, shard } of jobs) {
      this.#places.delete(job.id);
      const isBlamed = !loss.blame || (loss.blame.shard === shard.index && loss.blame.cropIds.includes(job.id));
      // While a shard detects a layout it runs no crop.
      const isInvolved = isBlamed && !shard.detections.isRunning;
      const wasAlone = shard.runningCount === 1;
      const verdict = judgeCrop(
        job,
        { isInvolved, wasAlone, isOutsideKill: loss.isOutsideKill },
        this.#parts.maxAttempts,
      );
      if (isInvolved) job.deathCount++;
      if (verdict === 'poison' || verdict === 'given-up') {
        this.#answer(job, { ok: false, failure: condemn(verdict, job, loss.failure) });
        continue;
      }
      this.#parts.emit({ type: 'crop-retried', device: device.id, reason: loss.failure.code });
      job.isSuspect = verdict === 'again-alone';
      if (job.isSuspect) this.#suspects.push(job);
      else back.push(job);
    }
    // The oldest comes to the front last, so that the order is as before.
    for (const job of back.reverse()) this.#parts.queue.pushFront(job);
    setImmediate(() => this.pump());
  }

  /** Answers everything that waits or runs with one failure: the pool is closing or has no device left. */
  failAll(failure: Failure): void {
    for (const name of [...this.#flows.keys()]) {
      const jobs = [...(this.#flows.get(name) ?? [])];
      this.cancelFlow(name);
      for (const job of jobs) job.settle({ ok: false, failure });
    }
  }

  /** The shards had no room after all: the crops are first in the queue again. */
  onReturned(jobs: readonly CropJob[]): void {
    for (const job of [...jobs].reverse()) {
      this.#places.delete(job.id);
      if (job.isSuspect) this.#suspects.unshift(job);
      else this.#parts.queue.pushFront(job);
    }
    setImmediate(() => this.pump());
  }

  #release(job: CropJob): void {
    const place = this.#places.get(job.id);
    this.#places.delete(job.id);
    place?.device.cancel(place.shard, job.id);
    const suspect = this.#suspects.indexOf(job);
    if (suspect >= 0) this.#suspects.splice(suspect, 1);
  }

  #dispatchSuspect(): boolean {
    const job = this.#suspects[0];
    if (!job) return false;
    for (const device of this.#parts.devices()) {
      if (!mayRead(device, job)) continue;
      const shard = device.openShards.find((candidate) => candidate.hasRoom(true));
      if (!shard) continue;
      this.#suspects.shift();
      this.#send(device, shard, job);
      return true;
    }
    return false;
  }

  #dispatchNext(): boolean {
    if (this.#parts.queue.length === 0) return false;
    let candidates = this.#parts.devices().flatMap((device) => device.openShards.map((shard) => ({ device, shard })));
    // One shard is left to run empty, so that the suspect gets its turn.
    const [suspect] = this.#suspects;
    if (suspect) {
      const reserved = candidates
        .filter(({ device }) => mayRead(device, suspect))
        .reduce<(typeof candidates)[number] | null>(
          (best, place) => (!best || place.shard.runningCount < best.shard.runningCount ? place : best),
          null,
        );
      candidates = candidates.filter((place) => place !== reserved);
    }
    candidates = candidates.filter(({ shard }) => shard.hasRoom());
    while (candidates.length > 0) {
      const chosen = this.#parts.policy.choose(candidates.map(({ shard }) => shard));
      const { device, shard } = candidates.find((place) => place.shard === chosen) ?? candidates[0];
      const job = this.#parts.queue.shift((entry) => mayRead(device, entry));
      if (job) {
        this.#send(device, shard, job);
        return true;
      }
      // What waits is for devices of this host.
      candidates = candidates.filter((place) => place.device.isRemote !== device.isRemote);
    }
    return false;
  }

  #send(device: Device, shard: Shard, job: CropJob): void {
    job.dispatchedAt = performance.now();
    this.#places.set(job.id, { device, shard });
    device.dispatch(shard, job, {
      id: job.id,
      task: job.kind,
      promptIds: job.promptIds,
      images: job.images,
      maxTokens: job.maxTokens,
      ...(job.ignoresStop && { ignoresStop: true }),
      isStreamed: job.onTokens !== undefined,
      priority: job.priority,
      ...(job.reported.tokenIds.length > 0 && { prefix: job.reported }),
    });
  }

  #finish(job: CropJob, shard: Shard, reading: EngineReading): void {
    const { costModel, throughput, emit } = this.#parts;
    const { waitMs, visionMs, prefillMs, decodeMs, firstTokenMs } = reading.timings;
    const answered: CropReading = {
      ...reading,
      firstTokenMs: job.firstTokenAt
        ? job.firstTokenAt - job.enqueuedAt
        : job.dispatchedAt - job.enqueuedAt + firstTokenMs,
      timings: {
        prepareMs: 0,
        detectMs: 0,
        queueMs: job.dispatchedAt - job.enqueuedAt + waitMs,
        visionMs,
        prefillMs,
        decodeMs,
        totalMs: performance.now() - job.enqueuedAt,
        cropCount: 1,
        imageTokenCount: job.imageTokenCount,
        outputTokenCount: reading.tokenIds.length,
      },
    };
    costModel.learnCrop(sizeOf(job), {
      outputTokenCount: reading.tokenIds.length,
      encodeMs: visionMs + prefillMs,
      decodeMs,
    });
    throughput.complete(job.cost);
    emit({
      type: 'crop-finished',
      device: shard.deviceId,
      shard: shard.index,
      kind: job.kind,
      finishReason: reading.finishReason,
      timings: answered.timings,
      firstTokenMs: answered.firstTokenMs,
    });
    this.#answer(job, { ok: true, reading: answered });
  }

  #answer(job: CropJob, answer: CropAnswer): void {
    const flow = this.#flows.get(job.flow);
    flow?.delete(job);
    if (flow?.size === 0) this.#flows.delete(job.flow);
    job.settle(answer);
  }
}

function condemn(verdict: 'poison' | 'given-up', { deathCount }: CropJob, { message }: Failure): Failure {
  return verdict === 'poison'
    ? { code: 'POISON_CROP', message: 'This part of the page ends every device that reads it; it is left out.' }
    : { code: 'DEVICE_LOST', message: `Devices died ${deathCount} times while they read this part: ${message}` };
}

/** A crop that another host sent is not sent on: hosts that use each other would pass it round. */
function mayRead(device: Device, { isLocal }: CropSpec): boolean {
  return !(isLocal && device.isRemote);
}

function sizeOf({ kind, imageTokenCount, promptIds, maxTokens }: CropSpec) {
  return { kind, imageTokenCount, promptTokenCount: promptIds.length, maxTokens };
}
