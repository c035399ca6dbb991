import * as ort from 'onnxruntime-node';
import type { NamedTensors, Session, Tensor } from '#models';

/** How a compiled graph is opened. */
export interface SessionOptions {
  /** `cuda` takes the device number; the CPU needs none. */
  readonly device: { readonly kind: 'cpu' } | { readonly kind: 'cuda'; readonly index: number };
  /** Threads one operator may use (CPU only). */
  readonly threadCount: number;
  /** Extra session configuration entries; every value is a string. */
  readonly config?: Readonly<Record<string, string>>;
}

/**
 * Opens a compiled graph: the only door to ONNX Runtime.
 * `run` computes on the calling thread, so sessions belong in worker threads; external weights are memory-mapped
 * from beside the file.
 */
export async function openSession(path: string, options: SessionOptions): Promise<Session> {
  const session = await ort.InferenceSession.create(path, {
    executionProviders:
      options.device.kind === 'cpu' ? ['cpu'] : [{ name: 'cuda', deviceId: options.device.index }, 'cpu'],
    intraOpNumThreads: options.threadCount,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    graphOptimizationLevel: 'all',
    // The runtime would keep a plan for every shape it has seen, and packed runs hardly ever repeat one.
    enableMemPattern: options.device.kind === 'cpu',
    extra: { 'session.intra_op.allow_spinning': '0', ...options.config },
  });
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds: NamedTensors, fetches?: readonly string[]): Promise<NamedTensors> {
      const inputs: Record<string, ort.Tensor> = {};
      for (const [name, tensor] of Object.entries(feeds)) inputs[name] = toOrt(tensor);
      const outputs = await (fetches ? session.run(inputs, fetches) : session.run(inputs));
      const results: Record<string, Tensor> = {};
      for (const [name, value] of Object.entries(outputs)) {
        results[name] = { type: value.type, dims: value.dims, data: value.data } as unknown as Tensor;
      }
      return results;
    },
    close: () => session.release(),
  };
}

function toOrt(tensor: Tensor): ort.Tensor {
  return new ort.Tensor(tensor.type, tensor.data as never, tensor.dims);
}
