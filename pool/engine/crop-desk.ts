import type { Failure } from '../errors.js';
import { type EngineCrop, type EngineEvent, EngineFault } from './engine.js';
import type { WaitingSequence } from './scheduler.js';
import { Sequence } from './sequence.js';

export interface CropDeskLimits {
  /** Prompt and output tokens of a crop at most. */
  readonly maxSequenceLength: number;
  /** Tokens of one sequence that the cache holds; no less may be left for a prompt and a token. */
  readonly cacheLength: number;
  readonly loopGuard: boolean;
  readonly stopIds: readonly number[];
}

/**
 * What engines have in common around their steps: crops that wait, those that are to be forgotten, and what is to be
 * reported.
 */
export class CropDesk<Embeds = Float32Array> {
  waiting: Sequence<Embeds>[] = [];
  readonly #limits: CropDeskLimits;
  readonly #cancelled = new Set<number>();
  #events: EngineEvent[] = [];

  constructor(limits: CropDeskLimits) {
    this.#limits = limits;
  }

  /** Whether there is something to run or to tell, beside what runs. */
  get hasWork(): boolean {
    return this.waiting.length + this.#events.length > 0;
  }

  get hasCancelled(): boolean {
    return this.#cancelled.size > 0;
  }

  admit(crop: EngineCrop): void {
    const failure = this.#refusal(crop);
    if (failure) this.#events.push({ type: 'refused', id: crop.id, failure });
    else this.waiting.push(new Sequence(crop, this.#limits));
  }

  cancel(id: number): void {
    this.#cancelled.add(id);
  }

  /** Forgets what waits and what was to be told of cancelled crops; `leave` lets go of those that run. */
  dropCancelled(leave: (isCancelled: (sequence: Sequence<Embeds>) => boolean) => void): void {
    if (this.#cancelled.size === 0) return;
    const isCancelled = ({ id }: { readonly id: number }) => this.#cancelled.has(id);
    this.waiting = this.waiting.filter((sequence) => !isCancelled(sequence));
    leave(isCancelled);
    this.#events = this.#events.filter((event) => !isCancelled(event));
    this.#cancelled.clear();
  }

  /** What waits, as schedulers see it. */
  queue(): WaitingSequence[] {
    return this.waiting.map(({ id, promptLength, crop, embeddings }) => ({
      id,
      promptLength,
      patchCounts: crop.images.flatMap(({ gridHeight, gridWidth }, image) =>
        embeddings[image] ? [] : [gridHeight * gridWidth],
      ),
    }));
  }

  /** The waiting sequences by their ids. */
  find(ids: readonly number[]): Sequence<Embeds>[] {
    const byId = new Map(this.waiting.map((sequence) => [sequence.id, sequence]));
    return ids.map((id) => byId.get(id) as Sequence<Embeds>);
  }

  /** Takes sequences out of the queue: they run. */
  join(sequences: readonly Sequence<Embeds>[]): void {
    const joined = new Set(sequences);
    if (joined.size > 0) this.waiting = this.waiting.filter((sequence) => !joined.has(sequence));
    for (const sequence of sequences) sequence.embeddings = [];
  }

  /** Back to the front of the queue; its prompt will hold what it has generated. */
  giveWay(sequence: Sequence<Embeds>): void {
    sequence.embeddings = sequence.crop.images.map(() => null);
    this.waiting.unshift(sequence);
  }

  /** Whether a running sequence is at its end; one without room for more ends now. */
  isOver(sequence: Sequence<Embeds>): boolean {
    if (sequence.promptLength >= this.#limits.maxSequenceLength) sequence.cutShort();
    return sequence.finishReason !== null;
  }

  /** Tells the new tokens of a sequence to whom follows it. */
  report(sequence: Sequence<Embeds>): void {
    if (!sequence.crop.isStreamed) return;
    const tokens = sequence.takeUnreported();
    if (tokens.tokenIds.length > 0) this.#events.push({ type: 'tokens', id: sequence.id, ...tokens });
  }

  finish(sequence: Sequence<Embeds>): void {
    this.report(sequence);
    this.#events.push({ type: 'finished', id: sequence.id, reading: sequence.reading() });
  }

  takeEvents(): EngineEvent[] {
    const events = this.#events.filter(({ id }) => !this.#cancelled.has(id));
    this.#events = [];
    return events;
  }

  #refusal({ promptIds, prefix, maxTokens }: EngineCrop): Failure | null {
    const limit = Math.min(this.#limits.maxSequenceLength, this.#limits.cacheLength);
    const generated = prefix?.tokenIds.length ?? 0;
    const length = promptIds.length + generated;
    if (length < limit && maxTokens > generated) return null;
    const message = `The prompt has ${length} tokens; ${limit - 1} fit, with at least one to generate.`;
    return { code: 'CROP_TOO_LONG', message, detail: { promptLength: length, limit } };
  }
}

/** A run and the milliseconds it took; a failure names the crops that took part. */
export async function timed<T, Embeds>(
  sequences: readonly Sequence<Embeds>[],
  run: () => Promise<T>,
): Promise<[result: T, ms: number]> {
  const startedAt = performance.now();
  try {
    return [await run(), performance.now() - startedAt];
  } catch (cause) {
    const ids = [...new Set(sequences.map(({ id }) => id))];
    throw new EngineFault(`A run failed: ${(cause as Error).message}`, ids, { cause });
  }
}
