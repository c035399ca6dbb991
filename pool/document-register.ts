import {
  type AdmissionLimits,
  type AdmissionStage,
  type AdmittedDocument,
  type Applicant,
  judgeAdmission,
  predictWaitMs,
  type Refusal,
  type SystemLoad,
  toError,
} from './admission.js';
import type { CostModel, PageKind } from './cost-model.js';
import { PoolError } from './errors.js';
import type { PoolEvent } from './pool.js';
import type { DocumentWork, Entrant, Ticket } from './pool-parts.js';
import type { RunScope } from './run-scope.js';
import { deviceMsOf } from './stage-timings.js';

export interface RegisterParts {
  readonly limits: AdmissionLimits;
  readonly costModel: CostModel;
  /** The rest of the load: pixels held, crops queued, work done in a millisecond. */
  readonly load: () => {
    readonly heldPixelBytes: number;
    readonly queuedCropCount: number;
    readonly rate: SystemLoad['rate'];
  };
  /** Why nothing can be read at present, if so. */
  readonly obstacle: () => PoolError | null;
  readonly emit: (event: PoolEvent) => void;
}

/** Pixels of a page before any was seen: A4 at the resolution PDFs are drawn. */
const guessedPixels = 1190 * 1684;
/** A single one who asks again and again is no crowd. */
const leastGrantedShare = 0.2;
/** Weight of a new document in the typical work of one. */
const learningRate = 0.1;

interface Work {
  total: number;
  remaining: number;
}

interface Entry extends Pick<AdmittedDocument, 'priority' | 'bytes'> {
  readonly pageKind: PageKind;
  readonly enteredAt: number;
  readonly work: Readonly<Record<AdmissionStage, Work>>;
  readonly scope: RunScope;
  pagesInFlight: number;
}

/** The documents in the system: who may enter, what they hold, when the last has left. */
export class DocumentRegister {
  readonly #parts: RegisterParts;
  readonly #entries = new Set<Entry>();
  #closing: PoolError | null = null;
  #whenEmpty: (() => void)[] = [];
  /** Of a document of which nothing is known yet: that of the last ones. */
  #typicalWork: DocumentWork | null = null;
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

  /** What a document like the last ones would wait for now. */
  get predictedWaitMs(): number {
    const cost = this.#costOf(this.#guess(), 'laid-out');
    return predictWaitMs({ priority: 'interactive', cost }, this.#load([...this.#entries]));
  }

  /** Throws what `enter` would throw for a document like the last ones; holds nothing. */
  check(wishes: Pick<Entrant, 'priority' | 'deadlineMs'>): void {
    this.#checkOpen();
    const refusal = this.#judge({ ...wishes, bytes: 0, pageKind: 'plain' }, this.#guess(), [...this.#entries]);
    if (refusal) this.#refuse(refusal);
  }

  /** Throws OVERLOADED, SHUTTING_DOWN or what `obstacle` says. */
  enter(entrant: Entrant, scope: RunScope): Ticket {
    const { costModel } = this.#parts;
    this.#checkOpen();
    scope.check();
    const known = entrant.work;
    const refusal = this.#judge(entrant, known ?? this.#guess(), [...this.#entries]);
    if (refusal) this.#refuse(refusal);
    this.#refusedShare -= this.#refusedShare * learningRate;
    const { bytes, priority = 'interactive', pageKind } = entrant;
    const { prepare, device } = this.#costOf(known ?? this.#guess(), pageKind);
    const work = {
      prepare: { total: prepare, remaining: prepare },
      device: { total: device, remaining: device },
    };
    const entry: Entry = { bytes, priority, pageKind, enteredAt: performance.now(), work, scope, pagesInFlight: 0 };
    this.#entries.add(entry);
    const spend = (stage: AdmissionStage, ms: number): void => {
      work[stage].remaining = Math.max(0, work[stage].remaining - ms);
    };
    return {
      setWork: (real) => {
        const cost = this.#costOf(real, pageKind);
        for (const stage of ['prepare', 'device'] as const) {
          const done = work[stage].total - work[stage].remaining;
          work[stage].total = cost[stage];
          work[stage].remaining = Math.max(0, cost[stage] - done);
        }
        this.#learn(real);
        if (known) return;
        const others = [...this.#entries].filter((other) => other !== entry);
        const tooMuch = this.#judge(entrant, real, others);
        if (tooMuch) this.#refuse(tooMuch);
      },
      startPage: () => {
        entry.pagesInFlight++;
      },
      finishPrepare: (ms) => {
        spend('prepare', costModel.prepareCost(pageKind));
        costModel.learnPrepare(pageKind, ms);
      },
      finishCrop: (ms) => spend('device', ms),
      finishPage: (pixelCount, timings) => {
        const ms = deviceMsOf(timings);
        // Its crops were counted as they were read; of what was reckoned with for the page nothing is left.
        spend('device', costModel.pageCost(pixelCount) - ms);
        costModel.learnPage(pixelCount, ms);
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

  #checkOpen(): void {
    const obstacle = this.#closing ?? this.#parts.obstacle();
    if (obstacle) throw obstacle;
  }

  #guess(): DocumentWork {
    return (
      this.#typicalWork ?? { pageCount: 1, deviceCost: Math.max(1, this.#parts.costModel.pageCost(guessedPixels)) }
    );
  }

  /** By ratio, so that one book among letters does not make a letter look like a book. */
  #learn({ pageCount, deviceCost }: DocumentWork): void {
    const before = this.#guess();
    const towards = (value: number, seen: number) => value * (Math.max(1, seen) / value) ** learningRate;
    this.#typicalWork = {
      pageCount: towards(before.pageCount, pageCount),
      deviceCost: towards(before.deviceCost, deviceCost),
    };
  }

  #costOf({ pageCount, deviceCost }: DocumentWork, pageKind: PageKind): Applicant['cost'] {
    return { prepare: pageCount * this.#parts.costModel.prepareCost(pageKind), device: deviceCost };
  }

  #load(entries: readonly Entry[]): SystemLoad {
    const { heldPixelBytes, queuedCropCount, rate } = this.#parts.load();
    const now = performance.now();
    // A place gets free whenever a typical document is done; of those who ask, this share goes away empty-handed.
    const turnMs = this.#guess().deviceCost / rate.device / Math.max(leastGrantedShare, 1 - this.#refusedShare);
    return {
      documents: entries.map(({ priority, bytes, enteredAt, work }) => ({
        priority,
        bytes,
        ageMs: now - enteredAt,
        work,
      })),
      heldBytes: entries.reduce((sum, { bytes }) => sum + bytes, heldPixelBytes),
      queuedCropCount,
      rate,
      turnMs,
    };
  }

  #judge(entrant: Omit<Entrant, 'work'>, work: DocumentWork, others: readonly Entry[]): Refusal | null {
    const { bytes, priority = 'interactive', deadlineMs, pageKind } = entrant;
    const applicant = { priority, bytes, deadlineMs, cost: this.#costOf(work, pageKind) };
    return judgeAdmission(applicant, this.#load(others), this.#parts.limits);
  }

  #refuse(refusal: Refusal): never {
    this.#refusedShare += (1 - this.#refusedShare) * learningRate;
    this.#parts.emit({ type: 'refused', reason: refusal.reason });
    throw toError(refusal);
  }
}
