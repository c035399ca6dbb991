import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { BroadcastChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { ModelError, type ModelErrorCode, modelErrorCodes } from '#models';
import { type Failure, PoolError, type PoolErrorCode, poolErrorCodes } from '../errors.js';
import {
  callSlots,
  type DocumentClosed,
  type PrepareAnswer,
  type PrepareCall,
  type PrepareSetup,
  type PrepareTaskName,
  type PrepareTasks,
  type SharedDocument,
} from './prepare-protocol.js';

export interface PreparePoolOptions {
  readonly setup: Omit<PrepareSetup, 'channelName'>;
  readonly threadCount: number;
  /** Tasks that may wait for a thread; further ones are refused with OVERLOADED. */
  readonly maxQueueLength: number;
  /** A task that runs longer costs its thread (a file can keep its decoder busy for ever); 2 minutes when absent. */
  readonly taskTimeoutMs?: number;
  /** Module of the threads; for tests. */
  readonly workerPath?: string;
}

type TaskMethods = {
  readonly [Name in PrepareTaskName]: (task: PrepareTasks[Name]['input']) => Promise<PrepareTasks[Name]['output']>;
};

/**
 * CPU threads that decode, lay out and cut pages. Every method rejects with the ModelError or PoolError of its task;
 * a thread that dies fails its own task with PREPARE_FAILED and is replaced.
 */
export interface PreparePool extends TaskMethods {
  /** Copies the bytes of a file into shared memory, once for all its pages. */
  share(bytes: Uint8Array): SharedDocument;
  /** Lets every thread close its copy of a document. */
  closeDocument(documentId: string): void;
  readonly queueLength: number;
  /** Waits for what runs, then ends the threads; a later task is refused with SHUTTING_DOWN. */
  close(): Promise<void>;
}

const ownWorker = fileURLToPath(new URL('./prepare-worker.js', import.meta.url));
const restartPauseMs = 500;
const defaultTaskTimeoutMs = 120_000;
/** Objects of a thread, not its pixels: a file that makes a decoder collect more ends that thread alone. */
const threadHeapMegabytes = 512;

/** Opens the threads; they load their module at the first task, so this does not fail. */
export function openPreparePool(options: PreparePoolOptions): PreparePool {
  const channelName = `quire-prepare-${randomUUID()}`;
  const channel = new BroadcastChannel(channelName);
  channel.unref();
  let threads = openThreads();
  let isClosing = false;

  function openThreads(): Piscina {
    const opened = new Piscina({
      filename: options.workerPath ?? ownWorker,
      workerData: { ...options.setup, channelName } satisfies PrepareSetup,
      minThreads: options.threadCount,
      maxThreads: options.threadCount,
      maxQueue: options.maxQueueLength,
      concurrentTasksPerWorker: 1,
      // Threads listen for closed documents while they wait for a task, so they must not sleep on an atomic.
      atomics: 'disabled',
      idleTimeout: Number.POSITIVE_INFINITY,
      resourceLimits: { maxOldGenerationSizeMb: threadHeapMegabytes },
    });
    // A thread that dies without a task is reported here; unheard, it would end the process.
    opened.on('error', () => scheduleReplacement());
    return opened;
  }

  /**
   * Piscina replaces a thread that dies at work, but starts none any more after one died while it was starting. With
   * its last thread gone it would keep tasks waiting for ever, so the whole of it is replaced after a pause.
   */
  function scheduleReplacement(): void {
    const failed = threads;
    setTimeout(() => {
      if (isClosing || failed !== threads || failed.threads.length > 0) return;
      threads = openThreads();
      // Rejects the tasks that wait; it has no threads left to end.
      void failed.destroy();
    }, restartPauseMs).unref();
  }

  /** Ends the thread of a call that runs too long, as soon as that is safe. Gives a function that stops watching. */
  function watch({ progress }: PrepareCall<unknown>, pool: Piscina): () => void {
    const timeoutMs = options.taskTimeoutMs ?? defaultTaskTimeoutMs;
    let startedAt = 0;
    const timer = setInterval(
      () => {
        const threadId = Atomics.load(progress, callSlots.threadId);
        if (threadId === 0) return;
        startedAt ||= performance.now();
        if (performance.now() - startedAt < timeoutMs || Atomics.load(progress, callSlots.canEnd) === 0) return;
        void pool.threads.find((thread) => thread.threadId === threadId)?.terminate();
      },
      Math.min(1000, timeoutMs / 4),
    ).unref();
    return () => clearInterval(timer);
  }

  async function run<Name extends PrepareTaskName>(
    name: Name,
    task: PrepareTasks[Name]['input'],
  ): Promise<PrepareTasks[Name]['output']> {
    if (isClosing) throw new PoolError('SHUTTING_DOWN', 'The server is shutting down.');
    if (threads.queueSize >= options.maxQueueLength) {
      throw new PoolError('OVERLOADED', 'Too many pages wait to be prepared; try again later.', { retryAfterMs: 1000 });
    }
    const call = { input: task, progress: new Int32Array(new SharedArrayBuffer(8)) };
    const stopWatching = watch(call, threads);
    let answer: PrepareAnswer<PrepareTasks[Name]['output']>;
    try {
      answer = await threads.run(call, { name });
    } catch (cause) {
      scheduleReplacement();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new PoolError('PREPARE_FAILED', `The thread that prepared the page died: ${reason}`, {}, { cause });
    } finally {
      stopWatching();
    }
    if (!answer.ok) throw toError(answer.failure);
    return answer.value;
  }

  return {
    openDocument: (task) => run('openDocument', task),
    preparePage: (task) => run('preparePage', task),
    decodePage: (task) => run('decodePage', task),
    makeBand: (task) => run('makeBand', task),
    findInk: (task) => run('findInk', task),
    planPage: (task) => run('planPage', task),
    prepareCrops: (task) => run('prepareCrops', task),
    preparePicture: (task) => run('preparePicture', task),
    drawLayout: (task) => run('drawLayout', task),
    encodeJpegs: (task) => run('encodeJpegs', task),
    share(bytes) {
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
      shared.set(bytes);
      return { documentId: randomUUID(), bytes: shared };
    },
    closeDocument(documentId) {
      if (!isClosing) channel.postMessage({ closedDocumentId: documentId } satisfies DocumentClosed);
    },
    get queueLength() {
      return threads.queueSize;
    },
    async close() {
      if (isClosing) return;
      isClosing = true;
      channel.close();
      await threads.close();
    },
  };
}

/** The error a failure was before it crossed the thread. */
function toError({ code, message, detail }: Failure): ModelError | PoolError {
  if ((modelErrorCodes as readonly string[]).includes(code)) return new ModelError(code as ModelErrorCode, message);
  const poolCode = (poolErrorCodes as readonly string[]).includes(code) ? (code as PoolErrorCode) : 'PREPARE_FAILED';
  return new PoolError(poolCode, message, detail);
}
