import { keyCacheName, pagedBlockSize, type ReaderConfig, valueCacheName } from '#models';
import type { DeviceMemory } from './device-memory.js';
import type { Binding, BoundValue, NativeRuntime } from './native-session.js';
import type { Pointer } from './ort-library.js';

/** Keys and values of all sequences on a device. Runs of several sessions share it, one after another. */
export class KvPoolMemory {
  readonly #runtime: NativeRuntime;
  readonly #memory: DeviceMemory;
  readonly #pointers: Pointer[] = [];
  readonly #values = new Map<string, BoundValue>();

  constructor(runtime: NativeRuntime, memory: DeviceMemory, text: ReaderConfig['text'], blockCount: number) {
    this.#runtime = runtime;
    this.#memory = memory;
    const dims = [blockCount, pagedBlockSize, text.kvHeadCount, text.headDim];
    const byteLength = dims.reduce((product, size) => product * size, 2);
    try {
      for (let layer = 0; layer < text.layerCount; layer++) {
        for (const name of [keyCacheName(layer), valueCacheName(layer)]) {
          const pointer = memory.allocate(byteLength);
          this.#pointers.push(pointer);
          // What was there before may not be a number, and kernels multiply it by nothing.
          memory.clear(pointer, byteLength);
          this.#values.set(name, runtime.tensorAt(memory.info, pointer, 'float16', dims, byteLength));
        }
      }
    } catch (error) {
      this.free();
      throw error;
    }
  }

  bind(binding: Binding): void {
    for (const [name, value] of this.#values) binding.input(name, value);
  }

  free(): void {
    for (const value of this.#values.values()) this.#runtime.releaseValue(value);
    for (const pointer of this.#pointers) this.#memory.free(pointer);
  }
}
