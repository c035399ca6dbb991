import type { Pointer } from './ort-library.js';

/** Memory that graphs read and write, and the stream of work on it. Copies take their turn in the stream. */
export interface DeviceMemory {
  /** How the runtime names it: memory information of tensors that lie in it. */
  readonly info: Pointer;
  /** Throws where there is not enough. */
  allocate(byteLength: number): Pointer;
  free(pointer: Pointer): void;
  /** Fills with zeros. */
  clear(pointer: Pointer, byteLength: number): void;
  write(pointer: Pointer, data: ArrayBufferView): void;
  copy(target: Pointer, source: Pointer, byteLength: number): void;
  /** Waits for the work before it and fills `data`. */
  read(pointer: Pointer, data: ArrayBufferView): void;
  /** Waits for all work so far. */
  finish(): void;
  close(): void;
}

/** Tensors are laid at multiples of this, as kernels with vector loads want them. */
const alignment = 256;

export const aligned = (byteLength: number): number => Math.ceil(byteLength / alignment) * alignment;

/** A piece of memory that is filled from its start again and again and grows when it is too small. */
export class Scratch {
  readonly #memory: DeviceMemory;
  #start: Pointer = 0n;
  #size = 0;
  #end = 0;

  constructor(memory: DeviceMemory) {
    this.#memory = memory;
  }

  /** Forgets what it holds and makes room for `byteLength` bytes in all, each piece rounded up by `aligned`. */
  reset(byteLength: number): void {
    this.#end = 0;
    if (byteLength <= this.#size) return;
    this.#memory.finish();
    if (this.#size > 0) this.#memory.free(this.#start);
    this.#size = 0;
    // Half as much again, so that slowly growing needs do not allocate every time.
    const size = aligned(byteLength * 1.5);
    this.#start = this.#memory.allocate(size);
    this.#size = size;
  }

  take(byteLength: number): Pointer {
    const start = this.#end;
    this.#end += aligned(byteLength);
    if (this.#end > this.#size) throw new RangeError('scratch memory was not made large enough');
    return this.#start + BigInt(start);
  }

  free(): void {
    if (this.#size > 0) this.#memory.free(this.#start);
    this.#size = 0;
  }
}
