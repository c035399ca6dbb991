import type { Block, Box, FinishReason, LayoutLabel, PageResult, RecipeOptions, Region } from '#models';
import type { RuntimeDoor } from './engine/engine.js';
import type { PoolStats } from './pool-stats.js';
import type { CropFrame } from './remote/crop-frame.js';
import type { EngineLine, EngineStatus } from './remote/engine-contract.js';

/** A file as it came in; its kind is told by its first bytes, never by its name. */
export interface DocumentInput {
  readonly bytes: Uint8Array;
}

export type Priority = 'interactive' | 'batch';

export interface RunOptions {
  /** `interactive` goes before `batch`; batch work ages, so that it is never starved. */
  readonly priority?: Priority;
  /** Milliseconds from now after which the run fails with DEADLINE_EXCEEDED. */
  readonly deadlineMs?: number;
  /** Aborted when the client has left: queue entries, batch slots and files are freed before the next step. */
  readonly signal?: AbortSignal;
}

export interface ParseOptions extends RunOptions {
  /** 1-based ranges such as `1-3,7`; all pages when absent. */
  readonly pages?: string;
  readonly recipe?: Partial<RecipeOptions>;
  /** Pictures to return with each page, JPEG-encoded; none by default. */
  readonly pictures?: PictureWishes;
}

export interface PictureWishes {
  /** The upright page. */
  readonly page?: boolean;
  /** The blocks that are pictures, as `isPictureLabel` of the models tells. */
  readonly blocks?: boolean;
  /** The upright page with its detections drawn on it. */
  readonly layout?: boolean;
}

/** Milliseconds spent in each stage; sums over the crops where a stage runs per crop. */
export interface StageTimings {
  readonly prepareMs: number;
  readonly detectMs: number;
  readonly queueMs: number;
  readonly visionMs: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
  readonly totalMs: number;
  readonly cropCount: number;
  readonly imageTokenCount: number;
  readonly outputTokenCount: number;
}

export interface PageOutcome extends PageResult {
  /** 0-based index of the page in the file. */
  readonly pageIndex: number;
  /** Detections before the overlap filter, as PaddleX reports them in `layout_det_res`. */
  readonly detections: readonly Region[];
  readonly timings: StageTimings;
  /** Upright page as JPEG, its longer side at most 2000 pixels, when asked for. */
  readonly pageJpeg?: Uint8Array;
  /** The page with its detections drawn on it, as JPEG, when asked for. */
  readonly layoutJpeg?: Uint8Array;
  /** Pictures of the blocks that are kept as images, keyed by block order, when asked for. */
  readonly blockJpegs?: ReadonlyMap<number, Uint8Array>;
  /** Pictures inside tables, by the path their HTML points to; absent where there are none. */
  readonly figureJpegs?: ReadonlyMap<string, Uint8Array>;
}

export type DocumentKind = 'image' | 'pdf';

export type DocumentEvent =
  | {
      readonly type: 'document';
      readonly kind: DocumentKind;
      readonly pageCount: number;
      readonly pageIndexes: readonly number[];
    }
  | {
      readonly type: 'page';
      readonly pageIndex: number;
      readonly width: number;
      readonly height: number;
      readonly blocks: readonly { readonly label: LayoutLabel; readonly box: Box; readonly order: number }[];
    }
  | { readonly type: 'block'; readonly pageIndex: number; readonly block: Block }
  | { readonly type: 'page-done'; readonly page: PageOutcome };

export interface DocumentResult {
  readonly kind: DocumentKind;
  /** Pages in the order they were asked for; without pictures when they were told as events. */
  readonly pages: readonly PageOutcome[];
  readonly markdown: string;
  readonly timings: StageTimings;
}

/**
 * A document being read. Iterate for events as they happen (bounded buffering: a slow reader slows its own
 * document, nobody else's) or await `result`; both may be used. Rejects with a PoolError or ModelError.
 */
export interface DocumentRun extends AsyncIterable<DocumentEvent> {
  readonly result: Promise<DocumentResult>;
}

/** One chat turn: pictures and a prompt, straight to the reader without page layout. */
export interface RecognizeInput {
  readonly messages: readonly RecognizeMessage[];
  readonly maxTokens?: number;
  /** Texts at which generation stops; not part of the answer. */
  readonly stop?: readonly string[];
  /** Neither the stop token nor a repetition ends the text, only `maxTokens`: for measurements. */
  readonly ignoresStop?: boolean;
  readonly skipSpecialTokens?: boolean;
  /** False where only the result is wanted, no events. */
  readonly isStreamed?: boolean;
  readonly minPixels?: number;
  readonly maxPixels?: number;
}

export interface RecognizeMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: readonly (
    | { readonly type: 'text'; readonly text: string }
    | { readonly type: 'image'; readonly bytes: Uint8Array }
  )[];
}

export interface RecognizeEvent {
  readonly type: 'delta';
  readonly text: string;
  readonly tokenIds: readonly number[];
  /** Text of each token of `tokenIds`, for `logprobs` of a streamed answer. */
  readonly tokenTexts: readonly string[];
  readonly logprobs: readonly number[];
}

export interface RecognizeResult {
  readonly text: string;
  readonly tokenIds: readonly number[];
  /** Text of each token, for `logprobs` of the OpenAI dialect. */
  readonly tokenTexts: readonly string[];
  readonly logprobs: readonly number[];
  readonly finishReason: FinishReason;
  readonly promptTokenCount: number;
  readonly outputTokenCount: number;
  readonly timings: StageTimings;
}

export interface RecognizeRun extends AsyncIterable<RecognizeEvent> {
  readonly result: Promise<RecognizeResult>;
}

export type DeviceState = 'starting' | 'ready' | 'draining' | 'drained' | 'down' | 'broken';

export interface DeviceStatus {
  /** `cpu:0`, `cuda:1`, `remote:host:6006`. */
  readonly id: string;
  readonly kind: 'cpu' | 'cuda' | 'remote';
  /** What it shares with this server: the process, the machine, or neither. */
  readonly isolation: 'thread' | 'process' | 'host';
  readonly state: DeviceState;
  readonly shardCount: number;
  readonly runningCount: number;
  readonly outstandingCost: number;
  readonly kvBlocksUsed: number;
  readonly kvBlocksTotal: number;
  readonly restartCount: number;
  readonly lastError?: { readonly code: string; readonly message: string };
  /** Epoch milliseconds of the last right canary answer. */
  readonly canaryOkAt?: number;
  readonly canaryMismatchCount: number;
  /** Of the process of its own, where it has one. */
  readonly pid?: number;
  /** How its shards reach ONNX Runtime, once they do; on CUDA there are two ways. */
  readonly runtimeDoor?: RuntimeDoor;
  /** Why they do not take the C API, where that was wanted. */
  readonly runtimeDoorReason?: string;
  /** Whether it detects the layout of pages; absent where it is not to, as on the CPU, or is not known yet. */
  readonly detectsPages?: boolean;
  /** Why it does not where it should: then the prepare threads do. */
  readonly detectorReason?: string;
}

export type DeviceAction = 'drain' | 'resume' | 'restart';

/** What the pool reports as it happens; feeds logs and histograms. */
export type PoolEvent =
  | {
      readonly type: 'crop-finished';
      readonly device: string;
      readonly shard: number;
      readonly kind: string;
      readonly finishReason: FinishReason;
      readonly timings: StageTimings;
      readonly firstTokenMs: number;
    }
  | {
      readonly type: 'page-finished';
      readonly timings: StageTimings;
      readonly emptyBlockCount: number;
      readonly meanConfidence: number | null;
    }
  /** The layout of a page was detected; `device` is `host` for a prepare thread. */
  | { readonly type: 'page-detected'; readonly device: string }
  | { readonly type: 'crop-retried'; readonly device: string; readonly reason: string }
  | { readonly type: 'refused'; readonly reason: string }
  | {
      readonly type: 'step';
      readonly device: string;
      readonly shard: number;
      readonly batchSize: number;
      readonly prefillCount: number;
      readonly durationMs: number;
    }
  | { readonly type: 'device-state'; readonly device: string; readonly state: DeviceState; readonly reason?: string }
  | { readonly type: 'canary'; readonly device: string; readonly ok: boolean };

/** The model as the router shows it. */
export interface ModelSummary {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly maxPositions: number;
  readonly hasLayout: boolean;
}

/** All devices of the host behind one queue. */
export interface Pool {
  readonly model: ModelSummary;
  /** Reads a document. Refuses at once with OVERLOADED (`detail.retryAfterMs`) before any decoding when the system is full. */
  parse(input: DocumentInput, options?: ParseOptions): DocumentRun;
  recognize(input: RecognizeInput, options?: RunOptions): RecognizeRun;
  /**
   * Throws what `parse` and `recognize` would throw at once for a document like the last ones: OVERLOADED, NO_DEVICE or
   * SHUTTING_DOWN. For refusing before an input is even received; who passes may still be refused when its input is known.
   */
  checkRoom(wishes?: Pick<RunOptions, 'priority' | 'deadlineMs'>): void;
  devices(): readonly DeviceStatus[];
  /** Rejects with DEVICE_UNKNOWN or DEVICE_STATE. */
  control(deviceId: string, action: DeviceAction): Promise<void>;
  /** Ready: at least one device read the canary right and takes work. */
  isReady(): boolean;
  /** Resolves when `isReady` holds for the first time; rejects when the model cannot be compiled or opened. */
  whenReady(): Promise<void>;
  stats(): PoolStats;
  /** The devices of this host as an engine for other hosts. */
  engine(): EngineStatus;
  /**
   * Reads a crop of another host on a device of this one. Rejects before the first line with MODEL_MISMATCH,
   * CROP_INVALID, CROP_TOO_LONG, OVERLOADED, NO_DEVICE or SHUTTING_DOWN.
   */
  readCrop(frame: CropFrame, options?: Omit<RunOptions, 'priority'>): AsyncGenerator<EngineLine>;
  onEvent(listener: (event: PoolEvent) => void): () => void;
  /** Stops accepting, finishes what is in flight within `drainMs`, then frees every thread and process. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}
