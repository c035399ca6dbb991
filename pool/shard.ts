import type { CropJob } from './crop-job.js';
import type { EngineCapacity, StepReport } from './engine/engine.js';

/** Crops a shard may hold beyond those it decodes: the next ones are at hand when rows get free. */
function prefetchCount(maxBatch: number): number {
  return Math.min(4, Math.ceil(maxBatch / 4));
}

/** The pool's view of one shard in one of its lives. */
export class Shard {
  readonly running = new Map<number, CropJob>();
  capacity: EngineCapacity | null = null;
  /** When it last gave a sign of life, or was last given work while idle. */
  heardAt = performance.now();
  #report: StepReport | null = null;
  #sentSinceReport = 0;
  #cost = 0;

  constructor(
    readonly deviceId: string,
    readonly index: number,
  ) {}

  get name(): string {
    return `${this.deviceId}/${this.index}`;
  }

  get outstandingCost(): number {
    return this.running.size === 0 ? 0 : this.#cost;
  }

  get runningCount(): number {
    return this.running.size;
  }

  get kvBlocksUsed(): number {
    return this.running.size === 0 ? 0 : (this.#report?.kvBlocksUsed ?? 0);
  }

  /** Room for one more crop. A suspect wants the shard for itself. */
  hasRoom(isSuspect = false): boolean {
    if (!this.capacity) return false;
    if (isSuspect) return this.running.size === 0;
    for (const { isSuspect: isAlone } of this.running.values()) if (isAlone) return false;
    const waiting = (this.#report?.waitingCount ?? 0) + this.#sentSinceReport;
    const { maxBatch } = this.capacity;
    const prefetch = prefetchCount(maxBatch);
    // Where the cache is short, crops wait inside the shard long before the batch is full.
    const isBackedUp = waiting > Math.max(prefetch, maxBatch - (this.#report?.runningCount ?? 0));
    return this.running.size < maxBatch + prefetch && !isBackedUp;
  }

  add(job: CropJob): void {
    if (this.running.size === 0) this.heardAt = performance.now();
    this.running.set(job.id, job);
    this.#cost += job.cost;
    this.#sentSinceReport++;
  }

  remove(id: number): CropJob | null {
    const job = this.running.get(id);
    if (!job) return null;
    this.running.delete(id);
    this.#cost -= job.cost;
    return job;
  }

  hear(report: StepReport): void {
    this.heardAt = performance.now();
    this.#report = report;
    this.#sentSinceReport = 0;
  }
}
