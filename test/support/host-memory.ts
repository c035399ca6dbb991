import koffi from 'koffi';
import type { DeviceMark, DeviceMemory } from '../../pool/engine/cuda/native/device-memory.js';
import type { OrtLibrary, Pointer } from '../../pool/engine/cuda/native/ort-library.js';

/** Main memory in the place of a device's: what CUDA sessions are fed, a CPU session can be fed as well. */
export function openHostMemory(ort: OrtLibrary): DeviceMemory & { readonly allocationCount: number } {
  const info = ort.create('createMemoryInfo', 'Cpu', 0, 0, 0);
  const allocations = new Map<Pointer, Uint8Array>();
  const times = new Map<DeviceMark, () => number>();
  const view = (pointer: Pointer, byteLength: number) => new Uint8Array(koffi.view(pointer, byteLength));
  const bytes = (data: ArrayBufferView) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return {
    info,
    get allocationCount() {
      return allocations.size + times.size;
    },
    allocate(byteLength) {
      // Poisoned, so that what nobody wrote shows.
      const memory = new Uint8Array(byteLength).fill(0xa5);
      const pointer = koffi.address(memory);
      allocations.set(pointer, memory);
      return pointer;
    },
    free(pointer) {
      if (!allocations.delete(pointer)) throw new Error('freed what was not allocated');
    },
    allocateHost(byteLength) {
      const bytes = new Uint8Array(byteLength).fill(0x5a);
      allocations.set(koffi.address(bytes), bytes);
      return { bytes, free: () => void allocations.delete(koffi.address(bytes)) };
    },
    createMark() {
      let at = 0;
      const mark = {
        set() {
          at = performance.now();
        },
        wait() {},
        msSince: (earlier: DeviceMark) => at - (times.get(earlier) as () => number)(),
        free: () => void times.delete(mark),
      };
      times.set(mark, () => at);
      return mark;
    },
    clear: (pointer, byteLength) => void view(pointer, byteLength).fill(0),
    write: (pointer, data) => view(pointer, data.byteLength).set(bytes(data)),
    copy: (target, source, byteLength) => view(target, byteLength).set(view(source, byteLength)),
    read: (pointer, data) => bytes(data).set(view(pointer, data.byteLength)),
    finish() {},
    close: () => ort.release('memoryInfo', info),
  };
}
