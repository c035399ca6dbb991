import type { Priority } from './pool.js';

/** What the queue needs to know of an entry. */
export interface QueueEntry {
  readonly id: number;
  /** Entries of one document share a flow. */
  readonly flow: string;
  readonly priority: Priority;
  readonly cost: number;
}

interface Flow<T> {
  readonly priority: Priority;
  readonly entries: T[];
  /** Virtual time at which the flow's next entry starts. */
  start: number;
  /** Clock time since when its first entry could have been served. */
  waitingSince: number;
}

export interface CropQueueOptions {
  readonly maxLength: number;
  /** A batch flow that has not been served for this long competes with interactive ones. */
  readonly ageingMs: number;
  readonly now: () => number;
}

/** More than that are remembered only while they have entries. */
const maxFlowCount = 1024;

/**
 * The one queue of crops. Flows share it by start-time fair queueing: each flow's entries are stamped with virtual
 * time that advances by their cost, and the earliest is served, so a document of one page waits for about one page of
 * every other document, however long those are. Interactive flows go before batch flows, unless a batch flow has
 * waited too long. Within a flow the order is that of arrival.
 */
export class CropQueue<T extends QueueEntry> {
  readonly #options: CropQueueOptions;
  readonly #flows = new Map<string, Flow<T>>();
  /** Start of the entry served last. */
  #virtualTime = 0;
  #length = 0;
  #cost = 0;

  constructor(options: CropQueueOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#length;
  }

  get cost(): number {
    return this.#length === 0 ? 0 : this.#cost;
  }

  /** Flows that wait or are remembered. */
  get flowCount(): number {
    return this.#flows.size;
  }

  get isFull(): boolean {
    return this.#length >= this.#options.maxLength;
  }

  push(entry: T): void {
    this.#flowOf(entry).entries.push(entry);
    this.#count(entry, 1);
  }

  /** Back to the front of its flow: it was served before and came back. */
  pushFront(entry: T): void {
    this.#flowOf(entry).entries.unshift(entry);
    this.#count(entry, 1);
  }

  /** The entry whose turn it is among those that are wanted, or null. Within a flow all are wanted or none. */
  shift(isWanted: (entry: T) => boolean = () => true): T | null {
    const served = this.#nextFlow(isWanted);
    if (!served) return null;
    const [name, flow] = served;
    const entry = flow.entries.shift() as T;
    this.#count(entry, -1);
    this.#virtualTime = Math.max(this.#virtualTime, flow.start);
    flow.start += entry.cost;
    flow.waitingSince = this.#options.now();
    if (flow.entries.length === 0) this.#retire(name, flow);
    return entry;
  }

  /** Takes entries out; tells how many there were. */
  remove(flowName: string, isWanted: (entry: T) => boolean = () => true): number {
    const flow = this.#flows.get(flowName);
    if (!flow) return 0;
    let removedCount = 0;
    for (let index = flow.entries.length - 1; index >= 0; index--) {
      if (!isWanted(flow.entries[index])) continue;
      this.#count(flow.entries[index], -1);
      flow.entries.splice(index, 1);
      removedCount++;
    }
    if (flow.entries.length === 0) this.#retire(flowName, flow);
    return removedCount;
  }

  #flowOf({ flow: name, priority }: T): Flow<T> {
    const known = this.#flows.get(name);
    if (known) {
      if (known.entries.length === 0) {
        known.waitingSince = this.#options.now();
        // Time it was away is no credit.
        known.start = Math.max(known.start, this.#virtualTime);
      }
      return known;
    }
    const flow: Flow<T> = { priority, entries: [], start: this.#virtualTime, waitingSince: this.#options.now() };
    this.#flows.set(name, flow);
    return flow;
  }

  #nextFlow(isWanted: (entry: T) => boolean): readonly [string, Flow<T>] | null {
    const now = this.#options.now();
    const rank = (flow: Flow<T>): number =>
      flow.priority === 'interactive' || now - flow.waitingSince >= this.#options.ageingMs ? 0 : 1;
    let best: readonly [string, Flow<T>] | null = null;
    for (const candidate of this.#flows) {
      const [, flow] = candidate;
      if (flow.entries.length === 0 || !isWanted(flow.entries[0])) continue;
      const isBefore =
        !best || rank(flow) < rank(best[1]) || (rank(flow) === rank(best[1]) && flow.start < best[1].start);
      if (isBefore) best = candidate;
    }
    return best;
  }

  /**
   * An empty flow is remembered while its stamp lies ahead, or a document could jump the queue by coming back. Where
   * nobody waits there is no queue to jump, and of many the oldest is let go of.
   */
  #retire(name: string, flow: Flow<T>): void {
    if (this.#length === 0) this.#flows.clear();
    else if (flow.start <= this.#virtualTime) this.#flows.delete(name);
    if (this.#flows.size <= maxFlowCount) return;
    for (const [other, { entries }] of this.#flows) {
      if (entries.length > 0) continue;
      this.#flows.delete(other);
      return;
    }
  }

  /** Forgets a flow that will not come back. */
  forget(flowName: string): void {
    this.remove(flowName);
    this.#flows.delete(flowName);
  }

  #count(entry: T, sign: 1 | -1): void {
    this.#length += sign;
    this.#cost += sign * entry.cost;
  }
}
