import { setTimeout as sleep } from 'node:timers/promises';
import type { DetectorOutputs, DetectorPixels } from '#models';
import { type Canary, canaryId } from './canary.js';
import type { CropJob } from './crop-job.js';
import { DetectorTrust } from './detector-trust.js';
import type { DeviceHost, HostExit, OpenHost } from './device-host.js';
import { runtimeOf } from './device-runtime.js';
import { type DeviceChange, nextDeviceState } from './device-state.js';
import type { EngineEvent, StepReport } from './engine/engine.js';
import { type Failure, PoolError } from './errors.js';
import type { DeviceState, DeviceStatus } from './pool.js';
import type { CropMessage, ShardReport } from './protocol.js';
import { planRestart } from './restart-policy.js';
import { Shard } from './shard.js';

/** How a device was lost, for its crops. */
export interface DeviceLoss {
  readonly failure: Failure;
  readonly isOutsideKill: boolean;
  /** The shard and the crops that are to blame; null where every crop of the device may be. */
  readonly blame: { readonly shard: number; readonly cropIds: readonly number[] } | null;
}

/** What a device tells the pool. Everything is called from the event loop, never from inside a call to the device. */
export interface DeviceListener {
  onEvent(device: Device, shard: Shard, event: EngineEvent): void;
  onStep(device: Device, shard: Shard, report: StepReport): void;
  /** A shard had no room for them; they are not its any more. */
  onReturned(jobs: readonly CropJob[]): void;
  /** The crops of the shards are theirs no more. */
  onLost(device: Device, jobs: readonly { readonly job: CropJob; readonly shard: Shard }[], loss: DeviceLoss): void;
  onState(device: Device, state: DeviceState, reason?: string): void;
  onCanary(device: Device, isRight: boolean): void;
  /** Whether no other device works or is about to. */
  isLast(device: Device): boolean;
}

export interface DeviceOptions {
  readonly id: string;
  readonly kind: DeviceStatus['kind'];
  readonly isolation: DeviceStatus['isolation'];
  readonly shardCount: number;
  readonly openHost: OpenHost;
  readonly canary: Canary;
  readonly stepTimeoutMs: number;
  readonly startTimeoutMs: number;
  readonly restartBackoffMs: number;
  /** 0: only at start. */
  readonly canaryIntervalMs: number;
}

/** A device that worked this long, counted from ready, or read so many crops has recovered from earlier deaths. */
const stableMs = 10_000;
const stableCropCount = 32;

/**
 * Supervises one device: opens its host, proves it with the canary, gives it up when it dies, hangs or reads wrongly,
 * and starts it again with growing pauses. Knows nothing of documents; its crops go back to the pool when it is lost.
 */
export class Device {
  readonly id: string;
  readonly #options: DeviceOptions;
  readonly #listener: DeviceListener;
  #state: DeviceState = 'starting';
  #shards: Shard[] = [];
  #host: DeviceHost | null = null;
  /** Lives end in any order; what an earlier one still says is not heard. */
  #life = 0;
  #deathCount = 0;
  #readyAt = 0;
  /** Crops read in this life. */
  #readCount = 0;
  #lastError: Failure | null = null;
  #canaryOkAt: number | undefined;
  #canaryAskedAt = 0;
  #canaryMismatchCount = 0;
  readonly #trust = new DetectorTrust();
  /** Shards whose canary is out. */
  readonly #asked = new Set<number>();
  #wantsDrain = false;
  #isClosed = false;
  #restartTimer: NodeJS.Timeout | undefined;
  readonly #watch: NodeJS.Timeout;
  #watchedAt = performance.now();
  readonly #endings = new Set<Promise<void>>();

  constructor(options: DeviceOptions, listener: DeviceListener) {
    this.id = options.id;
    this.#options = options;
    this.#listener = listener;
    const interval = Math.max(20, Math.min(1000, options.stepTimeoutMs / 4));
    this.#watch = setInterval(() => this.#watchOver(interval), interval);
    this.#watch.unref();
  }

  get isRemote(): boolean {
    return this.#options.kind === 'remote';
  }

  get state(): DeviceState {
    return this.#state;
  }

  /** Shards that take crops now. */
  get openShards(): readonly Shard[] {
    return this.#state === 'ready' ? this.#shards : [];
  }

  get shards(): readonly Shard[] {
    return this.#shards;
  }

  status(): DeviceStatus {
    const sum = (value: (shard: Shard) => number) => this.#shards.reduce((total, shard) => total + value(shard), 0);
    return {
      id: this.id,
      kind: this.#options.kind,
      isolation: this.#options.isolation,
      state: this.#state,
      shardCount: this.#options.shardCount,
      runningCount: sum(({ runningCount }) => runningCount),
      outstandingCost: sum(({ outstandingCost }) => outstandingCost),
      kvBlocksUsed: sum(({ kvBlocksUsed }) => kvBlocksUsed),
      kvBlocksTotal: sum(({ capacity }) => capacity?.kvBlocksTotal ?? 0),
      restartCount: Math.max(0, this.#life - 1),
      canaryMismatchCount: this.#canaryMismatchCount,
      ...(this.#canaryOkAt !== undefined && { canaryOkAt: this.#canaryOkAt }),
      ...(this.#lastError && { lastError: { code: this.#lastError.code, message: this.#lastError.message } }),
      ...(this.#host?.pid !== undefined && { pid: this.#host.pid }),
      ...runtimeOf(this.#shards, this.#trust.isGiven),
    };
  }

  start(): void {
    this.#life++;
    const life = this.#life;
    this.#asked.clear();
    this.#readCount = 0;
    this.#shards = Array.from({ length: this.#options.shardCount }, (_, shard) => new Shard(this.id, shard));
    const ifAlive =
      <A extends unknown[]>(heard: (...args: A) => void) =>
      (...args: A): void => {
        if (life === this.#life && this.#host) heard(...args);
      };
    try {
      const listener = {
        onReport: ifAlive((shard: number, report: ShardReport) => this.#hear(shard, report)),
        onExit: ifAlive((exit: HostExit) =>
          this.#lose({
            failure: { code: 'DEVICE_LOST', message: exit.reason },
            isOutsideKill: exit.isOutsideKill,
            blame: null,
          }),
        ),
      };
      this.#host = this.#options.openHost(life, listener, this.#trust.isGiven);
    } catch (error) {
      setImmediate(() =>
        this.#lose({
          failure: { code: 'DEVICE_LOST', message: (error as Error).message },
          isOutsideKill: false,
          blame: null,
        }),
      );
    }
  }

  dispatch(shard: Shard, job: CropJob, message: CropMessage): void {
    shard.add(job);
    this.#host?.post(shard.index, { type: 'admit', crop: message });
  }

  /** Takes a crop from its shard; its blocks are free before the next step. */
  cancel(shard: Shard, id: number): void {
    if (!shard.remove(id)) return;
    this.#host?.post(shard.index, { type: 'cancel', ids: [id] });
    this.#settleDrain();
  }

  /** What the layout detector of a shard gives for a page; null when the device is lost first, or `signal` aborted. */
  async detect(shard: Shard, page: DetectorPixels, signal: AbortSignal): Promise<DetectorOutputs | null> {
    if (shard.isIdle) shard.heardAt = performance.now();
    const outputs = await shard.detections.ask(page, signal, (request) => this.#host?.post(shard.index, request));
    if (outputs) this.#trust.confirm();
    this.#settleDrain();
    return outputs;
  }

  /** Rejects with DEVICE_STATE where the state does not allow it. */
  drain(): void {
    this.#change('drain');
    this.#wantsDrain = true;
    this.#settleDrain();
  }

  resume(): void {
    this.#change('resume');
    this.#wantsDrain = false;
  }

  /** Starts the device anew; what it holds is read elsewhere. */
  restart(): void {
    this.#change('restart', 'restarted by an operator');
    this.#wantsDrain = false;
    this.#deathCount = 0;
    this.#trust.restore();
    const failure = { code: 'DEVICE_LOST', message: 'The device was restarted.' };
    this.#abandon({ failure, isOutsideKill: true, blame: { shard: -1, cropIds: [] } }, 'close');
    this.#startAfterEnding();
  }

  /** A rested device is needed: it waits for its back-off only. */
  wake(): void {
    if (this.#state !== 'broken' || this.#isClosed) return;
    this.#change('lost', 'no other device is left');
    this.#scheduleRestart(planRestart(this.#deathCount, this.#options.restartBackoffMs, true).delayMs);
  }

  /** Tells whether a canary is due: the device is idle and was not proven for a while. */
  proveIfIdle(): void {
    const { canaryIntervalMs } = this.#options;
    const isIdle = this.#shards.every((shard) => shard.isIdle);
    if (this.#state !== 'ready' || canaryIntervalMs === 0 || !isIdle || this.#asked.size > 0) return;
    if (performance.now() - this.#canaryAskedAt < canaryIntervalMs) return;
    for (const shard of this.#shards) this.#ask(shard);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#watch);
    clearTimeout(this.#restartTimer);
    this.#life++;
    const host = this.#host;
    this.#host = null;
    for (const { detections } of this.#shards) detections.abandon();
    const patience = sleep(this.#options.stepTimeoutMs, undefined, { ref: false });
    await Promise.all([host && Promise.race([host.close(), patience]), ...this.#endings]);
  }

  /** Called when a crop or a page has left a shard. */
  #settleDrain(): void {
    if (this.#state === 'draining' && this.#shards.every(({ isIdle }) => isIdle)) this.#change('emptied');
  }

  #hear(index: number, report: ShardReport): void {
    const shard = this.#shards.find((known) => known.index === index) as Shard;
    shard.heardAt = performance.now();
    if (report.type === 'failed') {
      this.#lose({
        failure: report.failure,
        isOutsideKill: false,
        blame: { shard: index, cropIds: report.suspectIds },
      });
    } else if (report.type === 'ready') {
      shard.capacity = report.capacity;
      shard.detector = report.detector;
      shard.detections.isRunning = false;
      this.#ask(shard);
    } else if (report.type === 'detecting') {
      shard.detections.isRunning = true;
    } else if (report.type === 'detected') {
      shard.detections.isRunning = false;
      shard.detections.answer(report.id, report.outputs);
    } else if (report.type === 'returned') {
      shard.restUntil = performance.now() + report.restMs;
      this.#listener.onReturned(report.ids.flatMap((id) => shard.remove(id) ?? []));
      this.#settleDrain();
    } else {
      shard.hear(report.report);
      this.#listener.onStep(this, shard, report.report);
      for (const event of report.events) {
        if (event.id === canaryId) this.#hearCanary(shard, event);
        else {
          if (event.type === 'finished') this.#readCount++;
          this.#listener.onEvent(this, shard, event);
        }
        if (!this.#host) return;
      }
      this.#settleDrain();
    }
  }

  #ask(shard: Shard): void {
    this.#asked.add(shard.index);
    this.#canaryAskedAt = performance.now();
    shard.heardAt = performance.now();
    this.#host?.post(shard.index, { type: 'admit', crop: { ...this.#options.canary.crop, id: canaryId } });
  }

  #hearCanary(shard: Shard, event: EngineEvent): void {
    if (event.type === 'tokens') return;
    this.#asked.delete(shard.index);
    const isRight = event.type === 'finished' && this.#options.canary.isRight(event.reading.tokenIds);
    this.#listener.onCanary(this, isRight);
    if (!isRight) {
      this.#canaryMismatchCount++;
      const failure = { code: 'CANARY_WRONG', message: `Shard ${shard.index} read the known crop wrongly.` };
      this.#lose({ failure, isOutsideKill: false, blame: { shard: -1, cropIds: [] } });
      return;
    }
    this.#canaryOkAt = Date.now();
    const isProven = this.#asked.size === 0 && this.#shards.every(({ capacity }) => capacity);
    if (this.#state !== 'starting' || !isProven) return;
    this.#readyAt = performance.now();
    this.#change('proven');
    if (this.#wantsDrain) this.drain();
  }

  #lose(loss: DeviceLoss): void {
    if (this.#isClosed) return;
    const isStable = this.#readCount >= stableCropCount || performance.now() - this.#readyAt > stableMs;
    if (this.#readyAt > 0 && isStable) this.#deathCount = 0;
    // Who is killed by others is not to blame: neither its pauses grow nor does the breaker open.
    if (!loss.isOutsideKill) {
      this.#deathCount++;
      this.#trust.judgeDeath(this.#shards, this.#readyAt > 0);
    }
    this.#lastError = loss.failure;
    // A host out of reach costs nothing to try again, and it may come back at any time.
    const isKept = this.isRemote || this.#listener.isLast(this);
    const plan = planRestart(Math.max(1, this.#deathCount), this.#options.restartBackoffMs, isKept);
    this.#readyAt = 0;
    this.#change(plan.isBroken ? 'broke' : 'lost', loss.failure.message);
    this.#abandon(loss, 'kill');
    this.#scheduleRestart(plan.delayMs);
  }

  /** Lets go of the host and hands its crops back. */
  #abandon(loss: DeviceLoss, how: 'close' | 'kill'): void {
    const host = this.#host;
    this.#host = null;
    if (how === 'kill') host?.kill();
    else if (host) {
      // A shard that hangs would keep the new life waiting for ever; it ends unheard.
      const patience = sleep(this.#options.stepTimeoutMs, undefined, { ref: false });
      const ending = Promise.race([host.close(), patience]).finally(() => this.#endings.delete(ending));
      this.#endings.add(ending);
    }
    const jobs = this.#shards.flatMap((shard) => [...shard.running.values()].map((job) => ({ job, shard })));
    this.#listener.onLost(this, jobs, loss);
    for (const { running, detections } of this.#shards) {
      running.clear();
      detections.abandon();
    }
  }

  #scheduleRestart(delayMs: number): void {
    clearTimeout(this.#restartTimer);
    this.#restartTimer = setTimeout(() => {
      if (this.#isClosed) return;
      this.#change('restart');
      this.start();
    }, delayMs);
  }

  /** Memory of the old life is given back before the new one takes it. */
  #startAfterEnding(): void {
    clearTimeout(this.#restartTimer);
    void Promise.all(this.#endings).then(() => {
      if (!this.#isClosed && this.#state === 'starting' && !this.#host) this.start();
    });
  }

  /** A shard that has work and says nothing for too long hangs. */
  #watchOver(interval: number): void {
    const now = performance.now();
    const wasBlocked = now - this.#watchedAt > interval * 3;
    this.#watchedAt = now;
    // Reports of a busy moment of this process are still unread.
    if (wasBlocked || !this.#host) return;
    for (const shard of this.#shards) {
      const isBusy = !shard.isIdle || this.#asked.has(shard.index);
      const limit = shard.capacity ? this.#options.stepTimeoutMs : this.#options.startTimeoutMs;
      if ((!isBusy && shard.capacity) || now - shard.heardAt <= limit) continue;
      const what = !shard.capacity ? 'The start' : shard.detections.isRunning ? 'A detection' : 'A step';
      const failure = { code: 'DEVICE_LOST', message: `${what} of shard ${shard.index} took longer than ${limit} ms.` };
      this.#lose({ failure, isOutsideKill: false, blame: { shard: shard.index, cropIds: [...shard.running.keys()] } });
      return;
    }
    this.proveIfIdle();
  }

  #change(change: DeviceChange, reason?: string): void {
    const next = nextDeviceState(this.#state, change);
    if (!next) {
      throw new PoolError('DEVICE_STATE', `Device ${this.id} is ${this.#state}; it cannot ${change} now.`, {
        state: this.#state,
      });
    }
    if (next === this.#state && change !== 'restart') return;
    this.#state = next;
    this.#listener.onState(this, next, reason);
  }
}
