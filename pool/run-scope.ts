import { setMaxListeners } from 'node:events';
import { PoolError } from './errors.js';
import type { RunOptions } from './pool.js';

/** The life of one run: it ends when the client leaves, the time is up, or the run is over. */
export interface RunScope {
  readonly signal: AbortSignal;
  /** Ends the run with an error; the first reason stands. */
  abort(reason: unknown): void;
  /** Throws the reason once the run has been ended. */
  check(): void;
  /** The promise, or the reason as soon as the run is ended; what the promise gives later is dropped. */
  race<T>(promise: Promise<T>): Promise<T>;
  /** Stops listening; call it when the run is over. */
  close(): void;
}

/** Starts the clock of a run. Rejections are PoolErrors: CANCELLED, DEADLINE_EXCEEDED or the reason given. */
export function openRunScope({ signal, deadlineMs }: RunOptions): RunScope {
  const controller = new AbortController();
  // One listener for each thing that is awaited: pages and blocks of a document, all at once.
  setMaxListeners(0, controller.signal);
  const leave = (): void => {
    const { reason } = signal as AbortSignal;
    controller.abort(reason instanceof PoolError ? reason : new PoolError('CANCELLED', 'The client has left.'));
  };
  const expire = (): void =>
    controller.abort(new PoolError('DEADLINE_EXCEEDED', `The document took longer than ${deadlineMs} ms.`));
  const timer = deadlineMs === undefined ? undefined : setTimeout(expire, Math.min(deadlineMs, 2 ** 31 - 1));
  if (signal?.aborted) leave();
  else signal?.addEventListener('abort', leave, { once: true });

  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    check: () => controller.signal.throwIfAborted(),
    race: <T>(promise: Promise<T>) =>
      new Promise<T>((resolve, reject) => {
        const stop = (): void => reject(controller.signal.reason);
        if (controller.signal.aborted) stop();
        controller.signal.addEventListener('abort', stop, { once: true });
        promise.then(resolve, reject).finally(() => controller.signal.removeEventListener('abort', stop));
      }),
    close() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
    },
  };
}
