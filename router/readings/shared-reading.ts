import { randomUUID } from 'node:crypto';
import { type DocumentResult, type DocumentRun, type PageOutcome, PoolError } from '#pool';

export type ReadingState = 'running' | 'done' | 'failed' | 'cancelled';

/** Starts the run a reading is made of; `signal` ends it. */
export type StartRun = (signal: AbortSignal) => DocumentRun;

export interface ReadingOptions {
  readonly startRun: StartRun;
  /** Goes on without anybody waiting for it. */
  readonly isDetached: boolean;
  /** How long it goes on once the last who waited has left: time to ask again after a lost connection. */
  readonly abandonMs: number;
  /** Called once, when it has ended. */
  readonly onEnd: (reading: SharedReading) => void;
}

/** One document being read for several requests: those that wait now, and those that will ask for the result. */
export interface SharedReading {
  readonly id: string;
  readonly startedAt: number;
  readonly state: ReadingState;
  /** Pages to read; undefined until the document is open. */
  readonly pageCount: number | undefined;
  readonly pagesDone: number;
  readonly endedAt: number | undefined;
  /** Why it failed. */
  readonly failure: unknown;
  /** Memory the result takes, roughly. */
  readonly byteCount: number;
  /** Resolves when the document is open and admitted; rejects with what kept it from that. */
  readonly opened: Promise<void>;
  /** The result, or the reason of the signal, whichever comes first. */
  wait(signal: AbortSignal): Promise<DocumentResult>;
  /** Ends it; who waits gets CANCELLED. */
  cancel(): void;
}

/** Starts reading. The pages are gathered from the events, which tell how far it is. */
export function openSharedReading({ startRun, isDetached, abandonMs, onEnd }: ReadingOptions): SharedReading {
  const abort = new AbortController();
  const pages: PageOutcome[] = [];
  let state: ReadingState = 'running';
  let pageCount: number | undefined;
  let byteCount = 0;
  let endedAt: number | undefined;
  let failure: unknown;
  let waiterCount = 0;
  let abandoned: NodeJS.Timeout | undefined;
  let settleOpened = (_: unknown): void => {};
  let failOpened = (_: unknown): void => {};
  const opened = new Promise<void>((resolve, reject) => {
    settleOpened = resolve as (_: unknown) => void;
    failOpened = reject;
  });
  opened.catch(() => {});

  const result = gather(startRun);
  result.then(
    (document) => {
      byteCount = sizeOf(document);
      end('done');
    },
    (error: unknown) => {
      failure = error;
      failOpened(error);
      end(abort.signal.aborted ? 'cancelled' : 'failed');
    },
  );

  // `startRun` holds the file: handed over and not captured, so that a kept result does not keep its file.
  async function gather(start: StartRun): Promise<DocumentResult> {
    const run = start(abort.signal);
    run.result.catch(() => {});
    for await (const event of run) {
      if (event.type === 'document') {
        pageCount = event.pageIndexes.length;
        settleOpened(undefined);
      }
      if (event.type === 'page-done') pages.push(event.page);
    }
    return { ...(await run.result), pages };
  }

  function end(next: ReadingState): void {
    state = next;
    endedAt = Date.now();
    clearTimeout(abandoned);
    onEnd(reading);
  }

  function leave(): void {
    waiterCount--;
    if (waiterCount > 0 || isDetached || state !== 'running') return;
    abandoned = setTimeout(() => reading.cancel(), abandonMs);
    abandoned.unref();
  }

  const reading: SharedReading = {
    id: randomUUID(),
    startedAt: Date.now(),
    opened,
    get state() {
      return state;
    },
    get pageCount() {
      return pageCount;
    },
    get pagesDone() {
      return pages.length;
    },
    get endedAt() {
      return endedAt;
    },
    get failure() {
      return failure;
    },
    get byteCount() {
      return byteCount;
    },
    async wait(signal) {
      signal.throwIfAborted();
      waiterCount++;
      clearTimeout(abandoned);
      const left = new AbortController();
      try {
        return await Promise.race([
          result,
          new Promise<never>((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: left.signal });
          }),
        ]);
      } finally {
        left.abort();
        leave();
      }
    },
    cancel() {
      abort.abort(new PoolError('CANCELLED', 'The reading was cancelled.'));
    },
  };
  return reading;
}

function sizeOf({ pages, markdown }: DocumentResult): number {
  const texts = pages.flatMap((page) => [page.markdown, ...page.blocks.map(({ text }) => text)]);
  const characters = texts.reduce((sum, text) => sum + text.length, markdown.length);
  const pictures = pages.reduce((sum, { pageJpeg }) => sum + (pageJpeg?.byteLength ?? 0), 0);
  const blockCount = pages.reduce((sum, { blocks }) => sum + blocks.length, 0);
  return 2 * characters + pictures + 500 * blockCount;
}
