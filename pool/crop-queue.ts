import type { Priority } from './pool.js';

/** What the queue needs to know of an entry. */
export interface QueueEntry {
  readonly id: number;
  /** Entries of one document share a flow. */
  readonly flow: string;
  /** Entries of one page share a part and with it a turn; an entry without one has a turn of its own. */
  readonly part?: number;
  readonly priority: Priority;
  /** Milliseconds of one worker. */
  readonly cost: number;
}

/** Entries that have their turn together. */
interface Part<T> {
  readonly entries: T[];
  /** When all of it would be done if its document had one worker to itself: its place in the order. */
  finish: number;
}

interface Flow<T> {
  readonly priority: Priority;
  /** Those with entries, by their key; the order is that of arrival. */
  readonly parts: Map<string, Part<T>>;
  /** Places of pages all of whose entries were served: what they ask for again keeps the place. */
  readonly places: Map<string, number>;
  /** Of its last part. */
  finish: number;
  cost: number;
  /** Clock time since when its first entry could have been served. */
  waitingSince: number;
}

export interface CropQueueOptions {
  readonly maxLength: number;
  /** A batch flow that has not been served for this long competes with interactive ones. */
  readonly ageingMs: number;
  /** Milliseconds. */
  readonly now: () => number;
}

/** How far what comes may be put behind the place that is being served, in milliseconds of one worker. */
export const mostLagMs = 1000;

/**
 * The one queue of crops: fair queueing of pages by finish time. A page's place is the time at which it would be done
 * if its document had one worker to itself from its arrival on, one page after another; the earliest is served. So short
 * pages overtake long ones, but for a while only, and what has come early is not overtaken by ever new arrivals, which
 * is what keeps the slowest answers of a busy server near the others. Two bounds keep it fair where the clock alone
 * would not be: however far the places that are served lag behind the clock (many long documents at once), one that
 * comes waits for no more than `mostLagMs` of each; and a document that had idle workers to itself does not pay for it.
 * Interactive flows go before batch flows, unless a batch flow has waited too long.
 */
export class CropQueue<T extends QueueEntry> {
  readonly #options: CropQueueOptions;
  readonly #flows = new Map<string, Flow<T>>();
  /** Place of the entry served last, of each priority. */
  readonly #served: Record<Priority, number> = {
    interactive: Number.NEGATIVE_INFINITY,
    batch: Number.NEGATIVE_INFINITY,
  };
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
    const flow = this.#flowOf(entry);
    const part = this.#partOf(entry, flow);
    part.entries.push(entry);
    part.finish += entry.cost;
    flow.finish = Math.max(flow.finish, part.finish);
    this.#count(flow, entry, 1);
  }

  /** Back to the front: it was served before and came back. */
  pushFront(entry: T): void {
    const flow = this.#flowOf(entry);
    const part = this.#partOf(entry, flow);
    if (part.entries.length === 0) part.finish = Math.min(part.finish, this.#served[entry.priority]);
    part.entries.unshift(entry);
    this.#count(flow, entry, 1);
  }

  /** The entry whose turn it is among those that are wanted, or null. Within a flow all are wanted or none. */
  shift(isWanted: (entry: T) => boolean = () => true): T | null {
    const next = this.#next(isWanted);
    if (!next) return null;
    const { name, flow, key, part } = next;
    const entry = part.entries.shift() as T;
    this.#count(flow, entry, -1);
    this.#served[flow.priority] = part.finish;
    flow.waitingSince = this.#options.now();
    if (part.entries.length === 0) this.#retire(name, flow, key, entry.part !== undefined);
    return entry;
  }

  /** Takes entries out; tells how many there were. */
  remove(flowName: string, isWanted: (entry: T) => boolean = () => true): number {
    const flow = this.#flows.get(flowName);
    if (!flow) return 0;
    let removedCount = 0;
    for (const [key, { entries }] of [...flow.parts]) {
      for (let index = entries.length - 1; index >= 0; index--) {
        if (!isWanted(entries[index])) continue;
        this.#count(flow, entries[index], -1);
        entries.splice(index, 1);
        removedCount++;
      }
      if (entries.length === 0) this.#retire(flowName, flow, key, false);
    }
    return removedCount;
  }

  /** Forgets a flow that will not come back. */
  forget(flowName: string): void {
    this.remove(flowName);
    this.#flows.delete(flowName);
  }

  #flowOf({ flow: name, priority }: T): Flow<T> {
    const known = this.#flows.get(name);
    if (known) {
      if (known.parts.size === 0) known.waitingSince = this.#options.now();
      return known;
    }
    const flow: Flow<T> = {
      priority,
      parts: new Map(),
      places: new Map(),
      finish: Number.NEGATIVE_INFINITY,
      cost: 0,
      waitingSince: this.#options.now(),
    };
    this.#flows.set(name, flow);
    return flow;
  }

  #partOf({ id, part: partId }: T, flow: Flow<T>): Part<T> {
    const key = partId === undefined ? `entry ${id}` : `part ${partId}`;
    const known = flow.parts.get(key);
    if (known) return known;
    const part: Part<T> = { entries: [], finish: flow.places.get(key) ?? this.#start(flow) };
    flow.parts.set(key, part);
    return part;
  }

  /** Where a part that comes now begins: after what its document has waiting, and not before its own time. */
  #start(flow: Flow<T>): number {
    const now = this.#options.now();
    const served = this.#served[flow.priority];
    const earliest = served === Number.NEGATIVE_INFINITY ? now : Math.min(now, served + mostLagMs);
    return Math.max(earliest, Math.min(flow.finish, now + flow.cost));
  }

  #next(isWanted: (entry: T) => boolean) {
    const now = this.#options.now();
    let best: { name: string; flow: Flow<T>; key: string; part: Part<T>; rank: number } | null = null;
    for (const [name, flow] of this.#flows) {
      const isUrgent = flow.priority === 'interactive' || now - flow.waitingSince >= this.#options.ageingMs;
      const rank = isUrgent ? 0 : 1;
      if (best && rank > best.rank) continue;
      for (const [key, part] of flow.parts) {
        const isBefore = !best || rank < best.rank || part.finish < best.part.finish;
        if (isBefore && isWanted(part.entries[0])) best = { name, flow, key, part, rank };
      }
    }
    return best;
  }

  /** A part without entries; `isKept`: it may ask for more. */
  #retire(name: string, flow: Flow<T>, key: string, isKept: boolean): void {
    if (isKept) flow.places.set(key, (flow.parts.get(key) as Part<T>).finish);
    flow.parts.delete(key);
    if (flow.parts.size === 0 && flow.places.size === 0) this.#flows.delete(name);
  }

  #count(flow: Flow<T>, { cost }: T, sign: 1 | -1): void {
    this.#length += sign;
    this.#cost += sign * cost;
    flow.cost += sign * cost;
  }
}
