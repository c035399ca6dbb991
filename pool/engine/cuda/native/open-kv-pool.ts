import { keyCacheName, pagedBlockSize, type ReaderConfig, valueCacheName } from '#models';
import type { DeviceMemory } from './device-memory.js';
import { DeviceTensors } from './device-tensors.js';
import type { NativeRuntime } from './native-session.js';

/** Keys and values of all sequences on a device. Runs of several sessions share them, one after another. */
export function openKvPool(
  runtime: NativeRuntime,
  memory: DeviceMemory,
  text: Pick<ReaderConfig['text'], 'layerCount' | 'kvHeadCount' | 'headDim'>,
  blockCount: number,
): DeviceTensors {
  const tensors = new DeviceTensors(runtime, memory);
  const dims = [blockCount, pagedBlockSize, text.kvHeadCount, text.headDim];
  const byteLength = dims.reduce((product, size) => product * size, 2);
  try {
    for (let layer = 0; layer < text.layerCount; layer++) {
      for (const name of [keyCacheName(layer), valueCacheName(layer)]) {
        // What was there before may not be a number, and kernels multiply it by nothing.
        memory.clear(tensors.add(name, 'float16', dims, byteLength), byteLength);
      }
    }
    return tensors;
  } catch (error) {
    tensors.free();
    throw error;
  }
}
