import { closeSync, openSync, readSync } from 'node:fs';
import type { FreeWeight } from '#models';
import type { DeviceMemory } from './device-memory.js';
import { DeviceTensors } from './device-tensors.js';
import type { NativeRuntime } from './native-session.js';
import type { Pointer } from './ort-library.js';

const chunkBytes = 16 * 1024 ** 2;

/** Copies weights of graphs with free weights to a device, each once, whichever graphs want it. */
export function loadWeights(
  runtime: NativeRuntime,
  memory: DeviceMemory,
  weights: readonly FreeWeight[],
): DeviceTensors {
  const tensors = new DeviceTensors(runtime, memory);
  const files = new Map<string, number>();
  const chunk = new Uint8Array(chunkBytes);
  const copy = (target: Pointer, file: number, offset: number, byteLength: number): void => {
    for (let done = 0; done < byteLength; ) {
      const count = readSync(file, chunk, 0, Math.min(chunkBytes, byteLength - done), offset + done);
      if (count === 0) throw new RangeError('the file of the weights is too short');
      memory.write(target + BigInt(done), chunk.subarray(0, count));
      // The chunk is filled again.
      memory.finish();
      done += count;
    }
  };
  try {
    for (const { name, type, dims, location, offset, byteLength } of weights) {
      if (tensors.has(name)) continue;
      if (type === 'int8') throw new TypeError(`${name}: weights of type ${type} cannot be fed`);
      const file = files.get(location) ?? openSync(location, 'r');
      files.set(location, file);
      copy(tensors.add(name, type, dims, byteLength), file, offset, byteLength);
    }
    return tensors;
  } catch (error) {
    tensors.free();
    throw error;
  } finally {
    for (const file of files.values()) closeSync(file);
  }
}
