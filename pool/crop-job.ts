import type { CropPatches, FinishReason, Task } from '#models';
import type { GeneratedTokens } from './engine/engine.js';
import type { Failure } from './errors.js';
import type { Priority, StageTimings } from './pool.js';

/** A crop to be read, as a document run hands it in. */
export interface CropSpec {
  /** Crops of one document share the queue as one. */
  readonly flow: string;
  /** Page of the document; crops of a page have their turn together. */
  readonly part?: number;
  readonly priority: Priority;
  readonly kind: Task;
  readonly promptIds: readonly number[];
  readonly images: readonly CropPatches[];
  readonly imageTokenCount: number;
  readonly maxTokens: number;
  /** Only `maxTokens` ends the text. */
  readonly ignoresStop?: boolean;
  /** What a host that asks for this crop has of it already; `maxTokens` counts it. */
  readonly prefix?: GeneratedTokens;
  /** Read by a device of this host only: it came from another one. */
  readonly isLocal?: boolean;
  /** By which it can be taken back alone. */
  readonly key?: number;
  /** Called with tokens as they come; each token once, whatever happens to devices. */
  readonly onTokens?: (tokens: GeneratedTokens) => void;
}

export interface CropReading extends GeneratedTokens {
  readonly finishReason: FinishReason;
  /** Tokens worth keeping; the rest is a repetition that ran away. */
  readonly keepCount: number;
  readonly timings: StageTimings;
  readonly firstTokenMs: number;
}

/** What became of a crop. Failures are plain data: they belong to the block, not to the document. */
export type CropAnswer =
  | { readonly ok: true; readonly reading: CropReading }
  | { readonly ok: false; readonly failure: Failure };

/** A crop on its way through the pool. */
export interface CropJob extends CropSpec {
  readonly id: number;
  /** Predicted milliseconds of one shard. */
  readonly cost: number;
  readonly enqueuedAt: number;
  dispatchedAt: number;
  firstTokenAt: number;
  /** Deaths of shards it was on. */
  deathCount: number;
  /** Runs alone: nothing else is on the shard meanwhile. */
  isSuspect: boolean;
  /** Tokens that were reported already; another attempt goes on after them. */
  readonly reported: { readonly tokenIds: number[]; readonly logprobs: number[] };
  readonly settle: (answer: CropAnswer) => void;
}
