import type { Config } from '#config';
import type { ModelFolder, OpenedTokenizer, PageHints } from '#models';
import type { CostModel, PageKind } from './cost-model.js';
import type { CropReader } from './crop-reader.js';
import type { DeviceDetection } from './device-detection.js';
import type { Dispatcher } from './dispatcher.js';
import type { PoolError } from './errors.js';
import type { HeldBytes } from './held-bytes.js';
import type { PoolEvent, RunOptions, StageTimings } from './pool.js';
import type { PreparePool } from './prepare/prepare-pool.js';
import type { PrepareDoor, PrepareRun } from './prepare-turns.js';
import type { RunScope } from './run-scope.js';

/** Who wants to enter. */
export interface Entrant extends RunOptions {
  /** Of its input. */
  readonly bytes: number;
  readonly pageKind: PageKind;
  /** Null where neither can be told before the input is opened. */
  readonly work: DocumentWork | null;
}

export interface DocumentWork {
  readonly pageCount: number;
  /** By the cost model. */
  readonly deviceCost: number;
}

/** A document's place in the system, from admission to its end. */
export interface Ticket {
  /**
   * Its work, now that it is known. Throws OVERLOADED where nothing was known at the entrance and it is too much for
   * the limits or the deadline.
   */
  setWork(work: DocumentWork): void;
  startPage(): void;
  /** A page or picture was prepared, in so many milliseconds of a thread. */
  finishPrepare(ms: number): void;
  /** A crop was read, in so many milliseconds of a shard. */
  finishCrop(ms: number): void;
  finishPage(pixelCount: number, timings: StageTimings): void;
  /** After `finishPage` or a failure. */
  endPage(): void;
  leave(): void;
}

/** What runs need of the pool. */
export interface PoolParts {
  readonly config: Config;
  readonly model: ModelFolder;
  readonly hints: PageHints;
  readonly tokenizer: OpenedTokenizer;
  readonly costModel: CostModel;
  readonly dispatcher: Dispatcher;
  readonly detection: DeviceDetection;
  readonly heldPixels: HeldBytes;
  /** Resolves when graphs are compiled and the prepare pool is open; rejects when that failed. */
  readonly opened: Promise<void>;
  prepare(): PreparePool;
  /** Its tasks, in the turn of the run they belong to. */
  prepareFor(run: PrepareRun): PrepareDoor;
  reader(): CropReader;
  /** Throws OVERLOADED, SHUTTING_DOWN or NO_DEVICE. */
  enter(entrant: Entrant, scope: RunScope): Ticket;
  /** Resolves when the queue has room for the crops of another page. */
  roomForCrops(): Promise<void>;
  cancelled(): PoolError;
  emit(event: PoolEvent): void;
}
