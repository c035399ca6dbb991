import type { Config } from '#config';
import type { ModelFolder, OpenedTokenizer, PageHints } from '#models';
import type { CropReader } from './crop-reader.js';
import type { Dispatcher } from './dispatcher.js';
import type { PoolError } from './errors.js';
import type { HeldBytes } from './held-bytes.js';
import type { PoolEvent, RunOptions, StageTimings } from './pool.js';
import type { PreparePool } from './prepare/prepare-pool.js';
import type { PrepareDoor, PrepareRun } from './prepare-turns.js';
import type { RunScope } from './run-scope.js';

/** A document's place in the system, from admission to its end. */
export interface Ticket {
  /** Its pages' pixels, now that they are known. Throws OVERLOADED where they are too much for the deadline. */
  setPages(pixelCounts: readonly number[]): void;
  startPage(): void;
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
  readonly dispatcher: Dispatcher;
  readonly heldPixels: HeldBytes;
  /** Resolves when graphs are compiled and the prepare pool is open; rejects when that failed. */
  readonly opened: Promise<void>;
  prepare(): PreparePool;
  /** Its tasks, in the turn of the run they belong to. */
  prepareFor(run: PrepareRun): PrepareDoor;
  reader(): CropReader;
  /** Throws OVERLOADED, SHUTTING_DOWN or NO_DEVICE. */
  enter(applicant: RunOptions & { readonly bytes: number; readonly scope: RunScope }): Ticket;
  /** Resolves when the queue has room for the crops of another page. */
  roomForCrops(): Promise<void>;
  cancelled(): PoolError;
  emit(event: PoolEvent): void;
}
