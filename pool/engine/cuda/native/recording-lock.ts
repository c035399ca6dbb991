/** Places of the shared words: whether the gate is shut, and who is in the room (-1 one alone, else how many). */
const gate = 0;
const room = 1;
const alone = -1;

/**
 * Keeps the threads of a process apart while one of them records a CUDA graph: some calls of the others, deep in the
 * libraries, would spoil the recording. Any number may work at once; who records is alone, and who wants to is let in
 * before those who come later. Waiting blocks the thread.
 */
export class RecordingLock {
  readonly #words: Int32Array;

  /** `shared`: what all threads are given, from `createRecordingGate`. */
  constructor(shared: SharedArrayBuffer) {
    this.#words = new Int32Array(shared);
  }

  /** Beside others. */
  work<T>(run: () => T): T {
    this.#join();
    try {
      return run();
    } finally {
      this.#leave();
    }
  }

  /**
   * Beside others until the promise is settled: for what computes in a later turn of this thread's event loop, as the
   * runtime's addon does. Nothing else of this thread may want the lock in the meantime.
   */
  async workUntilSettled<T>(run: () => Promise<T>): Promise<T> {
    this.#join();
    try {
      return await run();
    } finally {
      this.#leave();
    }
  }

  /** Alone. */
  record<T>(run: () => T): T {
    this.#enter((inside) => (inside === 0 ? alone : null));
    try {
      return run();
    } finally {
      Atomics.store(this.#words, room, 0);
      Atomics.notify(this.#words, room);
    }
  }

  #join(): void {
    this.#enter((inside) => (inside === alone ? null : inside + 1));
  }

  #leave(): void {
    Atomics.sub(this.#words, room, 1);
    Atomics.notify(this.#words, room);
  }

  /** Everybody passes the gate one at a time; who waits for the room keeps it shut. */
  #enter(next: (inside: number) => number | null): void {
    const words = this.#words;
    while (Atomics.compareExchange(words, gate, 0, 1) !== 0) Atomics.wait(words, gate, 1);
    for (;;) {
      const inside = Atomics.load(words, room);
      const wanted = next(inside);
      if (wanted === null) Atomics.wait(words, room, inside);
      else if (Atomics.compareExchange(words, room, inside, wanted) === inside) break;
    }
    Atomics.store(words, gate, 0);
    Atomics.notify(words, gate, 1);
  }
}

/** What the threads of a process share to keep out of each other's recordings. */
export const createRecordingGate = (): SharedArrayBuffer => new SharedArrayBuffer(8);
