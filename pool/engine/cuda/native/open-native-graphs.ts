import { type FreeWeight, type ModelFolder, pagedBlockBytes, readFreeWeights } from '#models';
import { openCudaMemory } from './cuda-memory.js';
import { loadWeights } from './load-weights.js';
import { type DecoderGraph, NativeGraphs } from './native-graphs.js';
import { NativeRuntime } from './native-session.js';
import { openKvPool } from './open-kv-pool.js';
import { openOrtLibrary } from './ort-library.js';
import { createRecordingGate, RecordingLock } from './recording-lock.js';

/** cuDNN's fast attention, which takes padding as well, begins with this compute capability. */
const hopper = 9;

const decoderGraphs = ['prompt', 'step', 'wideStep'] as const;

export interface NativeSetup {
  readonly device: number;
  readonly threadCount: number;
  readonly graphs: Readonly<Record<'vision' | DecoderGraph, string>>;
  readonly model: Pick<ModelFolder, 'reader' | 'manifest'>;
  readonly blockCount: number;
  /** Bytes of the device that all of it may take; 0: no limit. */
  readonly memoryBytes?: number;
  /** Shared by the threads of the process that use CUDA; a lone thread needs none. */
  readonly recordingGate?: SharedArrayBuffer;
  /** As in `NativeParts`; benchmarks choose it. */
  readonly wideFrom?: number;
}

/** Opens the graphs on a CUDA device through the C API. Throws where a library, a function or memory is missing. */
export function openNativeGraphs(setup: NativeSetup): NativeGraphs {
  const lock = new RecordingLock(setup.recordingGate ?? createRecordingGate());
  return lock.work(() => openParts(setup, lock));
}

function openParts(setup: NativeSetup, lock: RecordingLock): NativeGraphs {
  const { device, threadCount, graphs, model, blockCount, wideFrom } = setup;
  // What was opened, to be closed in reverse where a later part fails.
  const opened: (() => void)[] = [];
  const keep = <T>(value: T, close: (value: T) => void): T => {
    opened.push(() => close(value));
    return value;
  };
  try {
    const wanted = decoderGraphs.map((graph) => readFreeWeights(graphs[graph]));
    const ort = openOrtLibrary();
    const runtime = keep(new NativeRuntime(ort), (one) => one.close());
    const memory = keep(openCudaMemory(ort, device), (one) => one.close());
    const provider = {
      device_id: String(device),
      has_user_compute_stream: '1',
      user_compute_stream: String(memory.stream),
      ...arenaLimit(setup, wanted.flat()),
    };
    const open = (path: string, more: Readonly<Record<string, string>> = {}) =>
      keep(runtime.openSession(path, { cuda: { ...provider, ...more }, threadCount }), (one) => one.close(memory));
    const sessions = {
      vision: open(graphs.vision),
      prompt: open(graphs.prompt),
      step: open(graphs.step, { enable_cuda_graph: '1' }),
      wideStep: open(graphs.wideStep, { enable_cuda_graph: '1' }),
    };
    const weights = keep(loadWeights(runtime, memory, wanted.flat()), (one) => one.free());
    const pool = keep(openKvPool(runtime, memory, model.reader.text, blockCount), (one) => one.free());
    const [prompt, step, wideStep] = wanted.map((list) => list.map(({ name }) => name));
    const weightNames = { prompt, step, wideStep };
    const canPad = memory.computeCapability >= hopper;
    return new NativeGraphs({ runtime, memory, sessions, weights, weightNames, pool, lock, wideFrom, canPad }, model);
  } catch (error) {
    for (const close of opened.reverse()) {
      try {
        close();
      } catch {
        // What went wrong first is what counts; a device that is lost cannot be tidied up.
      }
    }
    throw error;
  }
}

/**
 * What weights and pool leave of the memory bounds the arena of every session. Only that of the vision encoder comes near
 * it: the others hold what a few rows need.
 */
function arenaLimit(
  { memoryBytes, blockCount, model }: NativeSetup,
  weights: readonly FreeWeight[],
): Readonly<Record<string, string>> {
  if (!memoryBytes) return {};
  const sizes = new Map(weights.map(({ name, byteLength }) => [name, byteLength]));
  const weightBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const left = memoryBytes - weightBytes - blockCount * pagedBlockBytes(model.reader.text);
  if (left <= 0) throw new RangeError(`weights and KV pool alone are larger than ${memoryBytes} bytes`);
  return { gpu_mem_limit: String(left) };
}
