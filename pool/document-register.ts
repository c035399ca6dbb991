import {
  type AdmissionLimits,
  type AdmittedDocument,
  judgeAdmission,
  predictWaitMs,
  type SystemLoad,
  toError,
} from './admission.js';
import type { CostModel } from './cost-model.js';
import { PoolError } from './errors.js';
import type { PoolEvent, Priority, RunOptions } from './pool.js';
import type { Ticket } from './pool-parts.js';
import type { RunScope } from './run-scope.js';

export interface RegisterParts {
  readonly limits: AdmissionLimits;
  readonly costModel: CostModel;
  /** The rest of the load: pixels held, crops queued, cost done in a millisecond. */
  readonly load: () => {
    readonly heldPixelBytes: number;
    readonly queuedCropCount: number;
    readonly costPerMs: number;
  };
  /** Why nothing can be read at present, if so. */
  readonly obstacle: () => PoolError | null;
  readonly emit: (event: PoolEvent) => void;
}

/** Pixels of a page before any was seen: A4 at the resolution PDFs are drawn. */
const guessedPixels = 1190 * 1684;
/** Weight of a new document in the typical cost of one. */
const learningRate = 0.1;

interface Entry extends AdmittedDocument {
  remainingCost: number;
  readonly scope: RunScope;
  pagesInFlight: number;
}

/** The documents in the system: who may enter, what they hold, when the last has left. */
export class DocumentRegister {
  readonly #parts: RegisterParts;
  readonly #entries = new Set<Entry>();
  #closing: PoolError | null = null;
  #whenEmpty: (() => void)[] = [];
  /** Cost of a document of which nothing is known yet: that of the last ones. */
  #typicalCost: number | null = null;
  /** Share of those that asked lately and were refused. */
  #refusedShare = 0;

  constructor(parts: RegisterParts) {
    this.#parts = parts;
  }

  get documentCount(): number {
    return this.#entries.size;
  }

  get pageCount(): number {
    return [...this.#entries].reduce((sum, { pagesInFlight }) => sum + pagesInFlight, 0);
  }

  get bytes(): number {
    return [...this.#entries].reduce((sum, entry) => sum + entry.bytes, 0);
  }

  /** What a one-page document would wait for now. */
  get predictedWaitMs(): number {
    return predictWaitMs(
      { priority: 'interactive', cost: this.#parts.costModel.pageCost(guessedPixels) },
      this.#load(),
    );
  }

  /** Throws OVERLOADED, SHUTTING_DOWN or what `obstacle` says. */
  enter({
    bytes,
    priority = 'interactive',
    deadlineMs,
    scope,
  }: RunOptions & { bytes: number; scope: RunScope }): Ticket {
    const { costModel } = this.#parts;
    const entry: Entry = {
      id: '',
      bytes,
      priority,
      remainingCost: this.#guess(),
      scope,
      pagesInFlight: 0,
    };
    const obstacle = this.#closing ?? this.#parts.obstacle();
    if (obstacle) throw obstacle;
    scope.check();
    this.#judge(entry, deadlineMs, this.#load());
    this.#entries.add(entry);
    return {
      setPages: (pixelCounts) => {
        const cost = pixelCounts.reduce((sum, pixelCount) => sum + costModel.pageCost(pixelCount), 0);
        entry.remainingCost = cost;
        this.#typicalCost = this.#guess() * (1 - learningRate) + cost * learningRate;
        const others = [...this.#entries].filter((other) => other !== entry);
        this.#judge(entry, deadlineMs, { ...this.#load(), documents: others });
      },
      startPage: () => {
        entry.pagesInFlight++;
      },
      finishPage: (pixelCount, { visionMs, prefillMs, decodeMs }) => {
        entry.remainingCost = Math.max(0, entry.remainingCost - costModel.pageCost(pixelCount));
        costModel.learnPage(pixelCount, visionMs + prefillMs + decodeMs);
      },
      endPage: () => {
        entry.pagesInFlight--;
      },
      leave: () => {
        this.#entries.delete(entry);
        if (this.#entries.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
      },
    };
  }

  /** Nothing enters any more. */
  shut(): void {
    this.#closing = new PoolError('SHUTTING_DOWN', 'The server is shutting down.');
  }

  /** Resolves when every document has left, or after the time; those still there are then ended. */
  async drain(limitMs: number): Promise<void> {
    if (this.#entries.size === 0) return;
    const empty = new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
    const timer = setTimeout(() => {
      for (const { scope } of this.#entries) scope.abort(this.#closing);
    }, limitMs);
    await empty;
    clearTimeout(timer);
  }

  #guess(): number {
    return this.#typicalCost ?? this.#parts.costModel.pageCost(guessedPixels);
  }

  #load(): SystemLoad {
    const { heldPixelBytes, queuedCropCount, costPerMs } = this.#parts.load();
    // A place gets free whenever a typical document is done; of those who ask, this share goes away empty-handed.
    const turnMs = this.#guess() / costPerMs / Math.max(0.05, 1 - this.#refusedShare);
    return {
      documents: [...this.#entries],
      heldBytes: this.bytes + heldPixelBytes,
      queuedCropCount,
      costPerMs,
      turnMs,
    };
  }

  #judge(entry: Entry, deadlineMs: number | undefined, load: SystemLoad): void {
    const applicant = {
      priority: entry.priority as Priority,
      bytes: entry.bytes,
      cost: entry.remainingCost,
      deadlineMs,
    };
    const refusal = judgeAdmission(applicant, load, this.#parts.limits);
    this.#refusedShare += ((refusal ? 1 : 0) - this.#refusedShare) * learningRate;
    if (!refusal) return;
    this.#parts.emit({ type: 'refused', reason: refusal.reason });
    throw toError(refusal);
  }
}
