import { aligned, type DeviceMark, type DeviceMemory, type HostBlock, Scratch } from './device-memory.js';
import type { Pointer } from './ort-library.js';

/**
 * The inputs of a run, put together in main memory that the device reads by itself and sent in one copy. They stay on
 * the device until the next ones are begun, whose copy takes its turn behind the run.
 */
export class InputBlock {
  readonly #memory: DeviceMemory;
  readonly #device: Scratch;
  readonly #sent: DeviceMark;
  #host: HostBlock | null = null;
  #start: Pointer = 0n;
  #size = 0;
  #end = 0;

  constructor(memory: DeviceMemory) {
    this.#memory = memory;
    this.#device = new Scratch(memory);
    this.#sent = memory.createMark();
  }

  /** Makes room for `byteLength` bytes in all, each piece rounded up by `aligned`, once the last ones are sent. */
  begin(byteLength: number): void {
    this.#sent.wait();
    this.#device.reset(byteLength);
    this.#start = this.#device.take(byteLength);
    this.#size = byteLength;
    this.#end = 0;
    if (this.#host && this.#host.bytes.length >= byteLength) return;
    this.#host?.free();
    this.#host = null;
    this.#host = this.#memory.allocateHost(aligned(byteLength * growth));
  }

  /** Adds a piece and tells where it will lie on the device. */
  put({ buffer, byteOffset, byteLength }: ArrayBufferView): Pointer {
    const start = this.#end;
    this.#end += aligned(byteLength);
    if (!this.#host || this.#end > this.#size) throw new RangeError('there is less room than the inputs take');
    this.#host.bytes.set(new Uint8Array(buffer, byteOffset, byteLength), start);
    return this.#start + BigInt(start);
  }

  send(): void {
    if (!this.#host) return;
    this.#memory.write(this.#start, this.#host.bytes.subarray(0, this.#end));
    this.#sent.set();
  }

  /** What was sent must have arrived. */
  free(): void {
    this.#device.free();
    this.#host?.free();
    this.#sent.free();
  }
}

/** Half as much again, so that slowly growing needs do not allocate every time. */
const growth = 1.5;
