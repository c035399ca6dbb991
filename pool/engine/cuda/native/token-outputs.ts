import type { PagedResult } from '../engine-graphs.js';
import type { DeviceMemory } from './device-memory.js';
import type { Binding, NativeRuntime } from './native-session.js';
import type { Pointer } from './ort-library.js';

const tokenBytes = 8;
const logprobBytes = 4;

/** Bytes that the outputs of `count` rows take on a device. */
export const tokenOutputBytes = (count: number): number => count * (tokenBytes + logprobBytes);

/** The tokens and log-probabilities of a decoder's rows, one after another on the device and read in one copy. */
export class TokenOutputs {
  readonly #memory: DeviceMemory;
  readonly #start: Pointer;
  readonly #received: Uint8Array;
  readonly #tokens: BigInt64Array;
  readonly #logprobs: Float32Array;

  constructor(runtime: NativeRuntime, memory: DeviceMemory, binding: Binding, start: Pointer, count: number) {
    this.#memory = memory;
    this.#start = start;
    this.#received = new Uint8Array(tokenOutputBytes(count));
    const { buffer } = this.#received;
    this.#tokens = new BigInt64Array(buffer, 0, count);
    this.#logprobs = new Float32Array(buffer, this.#tokens.byteLength, count);
    const bind = (name: string, type: 'int64' | 'float32', { byteOffset, byteLength }: ArrayBufferView) => {
      const pointer = start + BigInt(byteOffset);
      binding.lend('output', name, runtime.tensorAt(memory.info, pointer, type, [count], byteLength));
    };
    bind('token', 'int64', this.#tokens);
    bind('logprob', 'float32', this.#logprobs);
  }

  /** Waits for the run and gives the first `count` rows. */
  read(count: number): PagedResult {
    this.#memory.read(this.#start, this.#received);
    return {
      tokens: Array.from(this.#tokens.subarray(0, count), Number),
      logprobs: Array.from(this.#logprobs.subarray(0, count)),
    };
  }
}
