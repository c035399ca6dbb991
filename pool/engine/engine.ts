import type { CropPatches, FinishReason, Task } from '#models';
import type { Failure } from '../errors.js';

/** One text to be generated: a prompt, its pictures, and how far it may go. */
export interface EngineCrop {
  readonly id: number;
  readonly task: Task;
  /** The image placeholder stands once for each merged patch of each picture. */
  readonly promptIds: readonly number[];
  readonly images: readonly CropPatches[];
  /** Generated tokens at most, those of `prefix` included. */
  readonly maxTokens: number;
  /** Neither a stop token nor the loop guard ends it. */
  readonly ignoresStop?: boolean;
  /** Tokens are reported step by step, not only at the end. */
  readonly isStreamed: boolean;
  /** What an earlier attempt generated: generation goes on after it. */
  readonly prefix?: GeneratedTokens;
}

export interface GeneratedTokens {
  readonly tokenIds: readonly number[];
  /** Natural log-probability of each token. */
  readonly logprobs: readonly number[];
}

/** Milliseconds a crop took in each stage: its share of every run it was part of, so that sums are real time. */
export interface EngineTimings {
  /** From admission to the first run. */
  readonly waitMs: number;
  readonly visionMs: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
  /** From admission to the first token. */
  readonly firstTokenMs: number;
}

export interface EngineReading extends GeneratedTokens {
  readonly finishReason: FinishReason;
  /** Tokens worth keeping: all, or those before a repetition ran away. */
  readonly keepCount: number;
  readonly timings: EngineTimings;
}

export type EngineEvent =
  | ({ readonly type: 'tokens'; readonly id: number } & GeneratedTokens)
  | { readonly type: 'finished'; readonly id: number; readonly reading: EngineReading }
  /** The crop can never run here; it says nothing about the device. */
  | { readonly type: 'refused'; readonly id: number; readonly failure: Failure };

/** What one step did and what it left. */
export interface StepReport {
  readonly durationMs: number;
  /** Sequences that decoded, and those whose prompts entered. */
  readonly batchSize: number;
  readonly prefillCount: number;
  readonly waitingCount: number;
  readonly runningCount: number;
  readonly kvBlocksUsed: number;
}

export interface StepResult {
  readonly events: readonly EngineEvent[];
  readonly report: StepReport;
}

/** How an engine reaches ONNX Runtime: through the Node addon, or through the C API of the same library. */
export type RuntimeDoor = 'addon' | 'c-api';

export interface EngineCapacity {
  /** Sequences that decode together. */
  readonly maxBatch: number;
  readonly kvBlocksTotal: number;
  readonly runtimeDoor?: RuntimeDoor;
  /** Why it is not the C API, where that was wanted. */
  readonly runtimeDoorReason?: string;
}

/**
 * Continuous batching on one device: sequences join and leave at every step. Everything is called from one thread;
 * `admit` and `cancel` take effect at the next step, also while one is running.
 */
export interface Engine {
  readonly capacity: EngineCapacity;
  /** Whether a step has something to do. */
  readonly hasWork: boolean;
  admit(crop: EngineCrop): void;
  /** Forgets a crop; unknown ids are ignored. */
  cancel(id: number): void;
  /** Rejects with an EngineFault when a run fails: the engine is then of no further use. */
  step(): Promise<StepResult>;
  /** For tests: breaks the device for real, and rejects. Absent where a device cannot be broken. */
  fault?(): Promise<never>;
  close(): Promise<void>;
}

/** A run failed; `suspectIds` are the crops that took part in it. */
export class EngineFault extends Error {
  override readonly name = 'EngineFault';

  constructor(
    message: string,
    readonly suspectIds: readonly number[],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
