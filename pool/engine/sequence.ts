import { createLoopGuard, type FinishReason, type LoopGuard, loopLimitsFor } from '#models';
import type { EngineCrop, EngineReading } from './engine.js';

/** A text being generated: its tokens, why it ended, and what it has cost. */
export class Sequence<Embeds = Float32Array> {
  readonly crop: EngineCrop;
  readonly tokenIds: number[];
  readonly logprobs: number[];
  /** Embeddings of each picture, null until the vision encoder has run; dropped once the prompt is in the cache. */
  embeddings: (Embeds | null)[];
  /** Rotary position of the first generated token after the prompt that is in the cache. */
  firstPosition = 0;
  /** Generated tokens that were part of that prompt: those of an earlier attempt. */
  promptedCount = 0;
  finishReason: FinishReason | null = null;
  readonly times = { visionMs: 0, prefillMs: 0, decodeMs: 0 };

  readonly #guard: LoopGuard | null;
  readonly #stopIds: readonly number[];
  readonly #admittedAt = performance.now();
  #startedAt = 0;
  #firstTokenAt = 0;
  #keepCount: number | null = null;
  #reportedCount: number;

  constructor(crop: EngineCrop, options: { readonly stopIds: readonly number[]; readonly loopGuard: boolean }) {
    this.crop = crop;
    this.tokenIds = [...(crop.prefix?.tokenIds ?? [])];
    this.logprobs = [...(crop.prefix?.logprobs ?? [])];
    this.embeddings = crop.images.map(() => null);
    this.#stopIds = crop.ignoresStop ? [] : options.stopIds;
    this.#guard = options.loopGuard && !crop.ignoresStop ? createLoopGuard(loopLimitsFor(crop.task)) : null;
    this.#reportedCount = this.tokenIds.length;
    for (const tokenId of this.tokenIds) this.#guard?.push(tokenId);
  }

  get id(): number {
    return this.crop.id;
  }

  /** What prefill is fed: the prompt and what has been generated. */
  get promptIds(): readonly number[] {
    return this.tokenIds.length === 0 ? this.crop.promptIds : [...this.crop.promptIds, ...this.tokenIds];
  }

  get promptLength(): number {
    return this.crop.promptIds.length + this.tokenIds.length;
  }

  get remaining(): number {
    return this.crop.maxTokens - this.tokenIds.length;
  }

  /** Rotary position of the last token, which is not in the cache yet. */
  get lastPosition(): number {
    return this.firstPosition + this.tokenIds.length - this.promptedCount - 1;
  }

  start(): void {
    this.#startedAt ||= performance.now();
  }

  /** Takes the next token. The stop token is kept and ends the sequence, as do the limit and a runaway. */
  record(tokenId: number, logprob: number): void {
    if (this.finishReason) return;
    this.#firstTokenAt ||= performance.now();
    this.tokenIds.push(tokenId);
    this.logprobs.push(logprob);
    if (this.#stopIds.includes(tokenId)) {
      this.finishReason = 'stop';
      return;
    }
    const repetition = this.#guard?.push(tokenId);
    if (repetition) {
      this.finishReason = 'repetition';
      this.#keepCount = repetition.keepCount;
    } else if (this.remaining <= 0) {
      this.finishReason = 'length';
    }
  }

  /** Ends a sequence for which there is no more room. */
  cutShort(): void {
    this.finishReason ??= 'length';
  }

  /** Tokens since the last call. */
  takeUnreported(): { tokenIds: number[]; logprobs: number[] } {
    const from = this.#reportedCount;
    this.#reportedCount = this.tokenIds.length;
    return { tokenIds: this.tokenIds.slice(from), logprobs: this.logprobs.slice(from) };
  }

  reading(): EngineReading {
    return {
      tokenIds: this.tokenIds,
      logprobs: this.logprobs,
      finishReason: this.finishReason ?? 'length',
      keepCount: this.#keepCount ?? this.tokenIds.length,
      timings: {
        ...this.times,
        waitMs: this.#startedAt - this.#admittedAt,
        firstTokenMs: this.#firstTokenAt - this.#admittedAt,
      },
    };
  }
}
