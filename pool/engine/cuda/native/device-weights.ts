import { closeSync, openSync, readSync } from 'node:fs';
import type { FreeWeight } from '#models';
import type { DeviceMemory } from './device-memory.js';
import type { BoundValue, NativeRuntime } from './native-session.js';
import type { Pointer } from './ort-library.js';

const chunkBytes = 16 * 1024 ** 2;

/** Weights of graphs with free weights on a device, each once, whichever graphs want it. */
export class DeviceWeights {
  readonly #runtime: NativeRuntime;
  readonly #memory: DeviceMemory;
  readonly #values = new Map<string, BoundValue>();
  readonly #pointers: Pointer[] = [];
  readonly #files = new Map<string, number>();
  readonly #chunk = new Uint8Array(chunkBytes);

  constructor(runtime: NativeRuntime, memory: DeviceMemory, weights: readonly FreeWeight[]) {
    this.#runtime = runtime;
    this.#memory = memory;
    try {
      for (const weight of weights) this.#add(weight);
    } catch (error) {
      this.free();
      throw error;
    } finally {
      for (const file of this.#files.values()) closeSync(file);
    }
  }

  get(name: string): BoundValue {
    const value = this.#values.get(name);
    if (!value) throw new RangeError(`no weight is named ${name}`);
    return value;
  }

  free(): void {
    for (const value of this.#values.values()) this.#runtime.releaseValue(value);
    for (const pointer of this.#pointers) this.#memory.free(pointer);
    this.#values.clear();
  }

  #add({ name, type, dims, location, offset, byteLength }: FreeWeight): void {
    if (this.#values.has(name)) return;
    if (type === 'int8') throw new TypeError(`${name}: weights of type ${type} cannot be fed`);
    const pointer = this.#memory.allocate(byteLength);
    this.#pointers.push(pointer);
    this.#copy(pointer, this.#open(location), offset, byteLength);
    this.#values.set(name, this.#runtime.tensorAt(this.#memory.info, pointer, type, dims, byteLength));
  }

  #open(location: string): number {
    const file = this.#files.get(location) ?? openSync(location, 'r');
    this.#files.set(location, file);
    return file;
  }

  #copy(pointer: Pointer, file: number, offset: number, byteLength: number): void {
    for (let done = 0; done < byteLength; ) {
      const count = readSync(file, this.#chunk, 0, Math.min(chunkBytes, byteLength - done), offset + done);
      if (count === 0) throw new RangeError('the file of the weights is too short');
      this.#memory.write(pointer + BigInt(done), this.#chunk.subarray(0, count));
      // The chunk is filled again.
      this.#memory.finish();
      done += count;
    }
  }
}
