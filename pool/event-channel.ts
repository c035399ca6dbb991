/** Events of a run on their way to its reader, a bounded number of them. */
export interface EventChannel<T> extends AsyncIterable<T> {
  /**
   * Resolves when there is room for more, so a slow reader slows the writer. Events before the first reader came are
   * dropped: a run whose result alone is awaited must not fill up.
   */
  write(event: T): Promise<void>;
  /** Whether somebody takes the events. */
  readonly isRead: boolean;
  end(): void;
  fail(error: unknown): void;
}

/** `onLeave` is called when the reader stops before the end. One reader; a second one takes turns with the first. */
export function createEventChannel<T>(capacity: number, onLeave: () => void): EventChannel<T> {
  const events: T[] = [];
  let isRead = false;
  let isOver = false;
  let failure: { readonly error: unknown } | null = null;
  let wakeReader = (): void => {};
  const waitingWriters: (() => void)[] = [];
  const releaseWriters = (): void => {
    for (const release of waitingWriters.splice(0)) release();
  };

  const iterator: AsyncIterator<T> = {
    async next() {
      while (events.length === 0 && !isOver) {
        await new Promise<void>((resolve) => {
          wakeReader = resolve;
        });
      }
      const event = events.shift();
      if (events.length < capacity) releaseWriters();
      if (event !== undefined) return { done: false, value: event };
      if (failure) {
        const { error } = failure;
        failure = null;
        throw error;
      }
      return { done: true, value: undefined };
    },
    async return() {
      const isEarly = !isOver;
      isOver = true;
      events.length = 0;
      releaseWriters();
      if (isEarly) onLeave();
      return { done: true, value: undefined };
    },
  };

  return {
    write(event) {
      if (!isRead || isOver) return Promise.resolve();
      events.push(event);
      wakeReader();
      if (events.length < capacity) return Promise.resolve();
      return new Promise((resolve) => waitingWriters.push(resolve));
    },
    get isRead() {
      return isRead;
    },
    end() {
      isOver = true;
      wakeReader();
      releaseWriters();
    },
    fail(error) {
      if (isOver) return;
      failure = { error };
      isOver = true;
      wakeReader();
      releaseWriters();
    },
    [Symbol.asyncIterator]() {
      isRead = true;
      return iterator;
    },
  };
}
