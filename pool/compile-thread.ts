import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import {
  type CompiledModel,
  type CompileProgress,
  type CompileTarget,
  findCompiledModel,
  ModelError,
  type ModelErrorCode,
  type ModelFolder,
} from '#models';
import { PoolError } from './errors.js';
import { type CompileOrder, type CompileReport, compileSlots } from './protocol.js';

export interface CompileOptions {
  readonly cacheDir: string;
  readonly onProgress?: (progress: CompileProgress) => void;
  /** Ends the compilation at the next tensor; what it has written is removed. */
  readonly signal: AbortSignal;
}

const workerPath = fileURLToPath(new URL('./compile-worker.js', import.meta.url));

/**
 * `compileModel` on a thread of its own: a large model takes many seconds without a pause, in which this process must
 * go on answering. Graphs that are in the cache are found without a thread.
 * Rejects with the ModelError of `compileModel`, or SHUTTING_DOWN once the signal is aborted.
 */
export async function compileOnThread(
  model: ModelFolder,
  target: CompileTarget,
  { cacheDir, onProgress, signal }: CompileOptions,
): Promise<CompiledModel> {
  const known = findCompiledModel(model, target, cacheDir);
  if (known) return known;
  const slots = new Int32Array(new SharedArrayBuffer(4));
  const stop = (): void => void Atomics.store(slots, compileSlots.isStopped, 1);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const report = await runWorker({ model, target, cacheDir, slots }, onProgress);
    if (report.type === 'compiled') return report.compiled;
    if (signal.aborted) throw new PoolError('SHUTTING_DOWN', 'The server is shutting down.');
    throw new ModelError(report.failure.code as ModelErrorCode, report.failure.message);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Resolves with the last report; a thread that ends without one has failed. */
function runWorker(
  order: CompileOrder,
  onProgress: CompileOptions['onProgress'],
): Promise<Exclude<CompileReport, { type: 'progress' }>> {
  return new Promise((resolve) => {
    const worker = new Worker(workerPath, { workerData: order });
    const fail = (message: string): void =>
      resolve({ type: 'failed', failure: { code: 'COMPILE_FAILED', message: `the thread that compiles ${message}` } });
    worker.on('message', (report: CompileReport) => {
      if (report.type === 'progress') onProgress?.(report.progress);
      else resolve(report);
    });
    worker.once('error', (error: Error) => fail(`died: ${error.message}`));
    worker.once('exit', (code) => fail(`ended with code ${code}`));
  });
}
