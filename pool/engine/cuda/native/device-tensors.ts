import type { ElementType } from '#models';
import type { DeviceMemory } from './device-memory.js';
import type { Binding, BoundValue, NativeRuntime } from './native-session.js';
import type { Pointer } from './ort-library.js';

/** Tensors on a device by name, in memory of their own that lives until they are freed. */
export class DeviceTensors {
  readonly #runtime: NativeRuntime;
  readonly #memory: DeviceMemory;
  readonly #pointers: Pointer[] = [];
  readonly #values = new Map<string, BoundValue>();

  constructor(runtime: NativeRuntime, memory: DeviceMemory) {
    this.#runtime = runtime;
    this.#memory = memory;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** Makes a tensor and returns where it lies; what it holds is undefined. */
  add(name: string, type: ElementType, dims: readonly number[], byteLength: number): Pointer {
    const pointer = this.#memory.allocate(byteLength);
    this.#pointers.push(pointer);
    this.#values.set(name, this.#runtime.tensorAt(this.#memory.info, pointer, type, dims, byteLength));
    return pointer;
  }

  /** Binds tensors as inputs of their names: all of them, or those that are named. */
  bind(binding: Binding, names: Iterable<string> = this.#values.keys()): void {
    for (const name of names) {
      const value = this.#values.get(name);
      if (!value) throw new RangeError(`no tensor is named ${name}`);
      binding.input(name, value);
    }
  }

  free(): void {
    for (const value of this.#values.values()) this.#runtime.releaseValue(value);
    for (const pointer of this.#pointers) this.#memory.free(pointer);
    this.#values.clear();
    this.#pointers.length = 0;
  }
}
