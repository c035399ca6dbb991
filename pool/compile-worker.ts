import { parentPort, workerData } from 'node:worker_threads';
import { compileModel, ModelError } from '#models';
import { type CompileOrder, type CompileReport, compileSlots } from './protocol.js';

// What the thread of one compilation runs.

const { model, target, cacheDir, slots } = workerData as CompileOrder;

function report(message: CompileReport): void {
  parentPort?.postMessage(message);
}

try {
  const compiled = await compileModel(model, target, cacheDir, (progress) => {
    // Thrown while a file is being written, so that the compiler removes what it has.
    if (Atomics.load(slots, compileSlots.isStopped) !== 0) throw new ModelError('COMPILE_FAILED', 'stopped');
    report({ type: 'progress', progress });
  });
  report({ type: 'compiled', compiled });
} catch (error) {
  const code = error instanceof ModelError ? error.code : 'COMPILE_FAILED';
  report({ type: 'failed', failure: { code, message: error instanceof Error ? error.message : String(error) } });
}
