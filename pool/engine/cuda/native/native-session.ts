import koffi from 'koffi';
import type { ElementType, Tensor } from '#models';
import type { DeviceMemory } from './device-memory.js';
import { elementTypes, type OrtLibrary, type Pointer } from './ort-library.js';

/** Where a graph runs, and how. */
export interface NativeSessionOptions {
  /** Options of the CUDA provider by name; null computes on the CPU. */
  readonly cuda: Readonly<Record<string, string>> | null;
  readonly threadCount: number;
}

/** A tensor of the runtime over memory that belongs to somebody else. */
export interface BoundValue {
  readonly pointer: Pointer;
  /** What must live as long as the tensor. */
  readonly kept: unknown;
}

/** `OrtArenaAllocator` and `OrtMemTypeCPUOutput`: main memory that the device reads and writes. */
const arenaAllocator = 1;
const hostKind = -1;
const logErrors = 3;
const allOptimizations = 99;

/** Makes the runtime's objects; one a thread. */
export class NativeRuntime {
  readonly ort: OrtLibrary;
  readonly #environment: Pointer;
  readonly #hostInfo: Pointer;

  constructor(ort: OrtLibrary) {
    this.ort = ort;
    // There is one in a process: what the addon made is shared.
    this.#environment = ort.create('createEnv', logErrors, 'quire');
    this.#hostInfo = ort.create('createMemoryInfo', 'Cpu', 0, 0, 0);
  }

  openSession(path: string, options: NativeSessionOptions): NativeSession {
    const { ort } = this;
    const settings = ort.create('createSessionOptions');
    try {
      ort.call('setLogSeverity', settings, logErrors);
      ort.call('setGraphOptimization', settings, allOptimizations);
      ort.call('setIntraOpThreads', settings, options.threadCount);
      ort.call('addSessionConfig', settings, 'session.intra_op.allow_spinning', '0');
      // The runtime would keep a plan for every shape it has seen, and packed runs hardly ever repeat one.
      ort.call('disableMemPattern', settings);
      if (options.cuda) this.#appendCuda(settings, options.cuda);
      const session = ort.create('createSession', this.#environment, path, settings);
      return new NativeSession(ort, session, options.cuda && Number(options.cuda.device_id));
    } finally {
      ort.release('sessionOptions', settings);
    }
  }

  /** A tensor over `byteLength` bytes at `pointer` of the memory that `info` names. */
  tensorAt(
    info: Pointer,
    pointer: Pointer,
    type: ElementType,
    dims: readonly number[],
    byteLength: number,
  ): BoundValue {
    const sizes = BigInt64Array.from(dims, BigInt);
    const value = this.ort.create('createTensor', info, pointer, byteLength, sizes, dims.length, elementTypes[type]);
    return { pointer: value, kept: null };
  }

  /** A tensor over the array of a plain one, in main memory. */
  hostTensor({ type, dims, data }: Tensor): BoundValue {
    const { pointer } = this.tensorAt(this.#hostInfo, koffi.address(data), type, dims, data.byteLength);
    return { pointer, kept: data };
  }

  releaseValue({ pointer }: BoundValue): void {
    this.ort.release('value', pointer);
  }

  /** The sessions must be closed before. */
  close(): void {
    this.ort.release('memoryInfo', this.#hostInfo);
    this.ort.release('environment', this.#environment);
  }

  #appendCuda(settings: Pointer, cuda: Readonly<Record<string, string>>): void {
    const { ort } = this;
    const provider = ort.create('createCudaOptions');
    try {
      ort.call('updateCudaOptions', provider, Object.keys(cuda), Object.values(cuda), Object.keys(cuda).length);
      ort.call('appendCuda', settings, provider);
    } finally {
      ort.release('cudaOptions', provider);
    }
  }
}

/** A graph opened through the C API. */
export class NativeSession {
  readonly #ort: OrtLibrary;
  readonly #session: Pointer;
  readonly #cudaDevice: number | null;
  readonly #bindings: Binding[] = [];

  constructor(ort: OrtLibrary, session: Pointer, cudaDevice: number | null) {
    this.#ort = ort;
    this.#session = session;
    this.#cudaDevice = cudaDevice;
  }

  /** Inputs and outputs of runs; it lives as long as the session. `config` are settings of those runs. */
  bind(config: Readonly<Record<string, string>> = {}): Binding {
    const binding = new Binding(this.#ort, this.#session, config);
    this.#bindings.push(binding);
    return binding;
  }

  close(memory: Pick<DeviceMemory, 'finish'>): void {
    for (const binding of this.#bindings) binding.close();
    if (this.#cudaDevice === null) {
      this.#ort.release('session', this.#session);
      return;
    }
    // A session that ends gives its pinned memory back in a callback of its stream. Were that the last to hold the
    // allocator, the allocator would end there, where CUDA may not be called, and take the process with it.
    const pinned = this.#ort.create('createMemoryInfo', 'CudaPinned', arenaAllocator, this.#cudaDevice, hostKind);
    const allocator = this.#ort.create('createAllocator', this.#session, pinned);
    this.#ort.release('session', this.#session);
    memory.finish();
    this.#ort.release('allocator', allocator);
    this.#ort.release('memoryInfo', pinned);
  }
}

/** Inputs and outputs that stay bound from run to run until others take their names. */
export class Binding {
  readonly #ort: OrtLibrary;
  readonly #session: Pointer;
  readonly #binding: Pointer;
  readonly #options: Pointer;
  readonly #kept = new Map<string, unknown>();

  constructor(ort: OrtLibrary, session: Pointer, config: Readonly<Record<string, string>>) {
    this.#ort = ort;
    this.#session = session;
    this.#binding = ort.create('createBinding', session);
    this.#options = ort.create('createRunOptions');
    for (const [key, value] of Object.entries(config)) ort.call('addRunConfig', this.#options, key, value);
  }

  input(name: string, value: BoundValue): void {
    this.#ort.call('bindInput', this.#binding, name, value.pointer);
    this.#kept.set(name, value.kept);
  }

  output(name: string, value: BoundValue): void {
    this.#ort.call('bindOutput', this.#binding, name, value.pointer);
    this.#kept.set(name, value.kept);
  }

  /** Binds a tensor that nobody else needs: from here on it is the binding's. */
  lend(way: 'input' | 'output', name: string, value: BoundValue): void {
    this[way](name, value);
    this.#ort.release('value', value.pointer);
  }

  /** Computes on the calling thread. On CUDA the kernels may still be under way when it returns. */
  run(): void {
    this.#ort.call('runWithBinding', this.#session, this.#options, this.#binding);
  }

  close(): void {
    this.#ort.release('binding', this.#binding);
    this.#ort.release('runOptions', this.#options);
  }
}
