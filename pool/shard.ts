import type { CropJob } from './crop-job.js';
import type { EngineCapacity, StepReport } from './engine/engine.js';
import type { DetectorState } from './protocol.js';
import { ShardDetections } from './shard-detections.js';

/** Crops that may wait inside a shard in any case: the next ones are at hand when rows get free. */
function prefetchCount(maxBatch: number): number {
  return Math.min(4, Math.ceil(maxBatch / 4));
}

/**
 * Predicted milliseconds that may wait inside a shard: about what one step takes in. More would be a private backlog
 * that no other shard could help with.
 */
const prefetchMs = 400;

/** The pool's view of one shard in one of its lives. */
export class Shard {
  readonly running = new Map<number, CropJob>();
  readonly detections = new ShardDetections();
  capacity: EngineCapacity | null = null;
  /** Of the shard that is to detect the layout of pages. */
  detector: DetectorState | undefined;
  /** When it last gave a sign of life, or was last given work while idle. */
  heardAt = performance.now();
  /** It has said that it has no room until then. */
  restUntil = 0;
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

  /** Neither crops nor pages are with it. */
  get isIdle(): boolean {
    return this.running.size === 0 && this.detections.count === 0;
  }

  get kvBlocksUsed(): number {
    return this.#report?.kvBlocksUsed ?? 0;
  }

  /** Room for one more crop. A suspect wants the shard for itself. */
  hasRoom(isSuspect = false): boolean {
    if (!this.capacity || performance.now() < this.restUntil) return false;
    if (isSuspect) return this.running.size === 0;
    for (const { isSuspect: isAlone } of this.running.values()) if (isAlone) return false;
    const { maxBatch } = this.capacity;
    const prefetch = prefetchCount(maxBatch);
    if (this.running.size >= maxBatch + prefetch) return false;
    const unstarted = this.#unstarted();
    // Where rows or cache are short, what waits does so for long: only the least is kept at hand.
    const isShort = (this.#report?.runningCount ?? 0) + unstarted.length > maxBatch;
    return unstarted.length < prefetch || (!isShort && costOf(unstarted) < prefetchMs);
  }

  /** What the shard has not begun, as far as is known: the crops it got last. */
  #unstarted(): CropJob[] {
    const count = Math.min(this.running.size, (this.#report?.waitingCount ?? 0) + this.#sentSinceReport);
    return count === 0 ? [] : [...this.running.values()].slice(-count);
  }

  add(job: CropJob): void {
    if (this.isIdle) this.heardAt = performance.now();
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

function costOf(jobs: readonly CropJob[]): number {
  return jobs.reduce((sum, { cost }) => sum + cost, 0);
}
