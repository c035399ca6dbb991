import type { Pointer } from './ort-library.js';

/** Main memory that the device reads by itself, so that a copy from it neither waits nor passes through other memory. */
export interface HostBlock {
  readonly bytes: Uint8Array;
  free(): void;
}

/** A point in the stream of work. */
export interface DeviceMark {
  /** Sets it behind all work so far; unset, it counts as reached. */
  set(): void;
  /** Waits until it is reached. */
  wait(): void;
  /** Milliseconds from `earlier` to this one; both must be reached. */
  msSince(earlier: DeviceMark): number;
  free(): void;
}

/** Memory that graphs read and write, and the stream of work on it. Copies take their turn in the stream. */
export interface DeviceMemory {
  /** How the runtime names it: memory information of tensors that lie in it. */
  readonly info: Pointer;
  /** Throws where there is not enough. */
  allocate(byteLength: number): Pointer;
  free(pointer: Pointer): void;
  /** Throws where there is not enough. */
  allocateHost(byteLength: number): HostBlock;
  createMark(): DeviceMark;
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
