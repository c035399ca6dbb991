import type { NamedTensors, Tensor } from '#models';
import { aligned, type DeviceMemory, type Scratch } from './device-memory.js';
import type { Binding, NativeRuntime } from './native-session.js';

/** Inputs that kernels on the CPU read: sizes and choices. */
const hostInputs = new Set(['is_batched', 'image_count', 'attention_bounds']);

/** Copies the inputs of a run to the device and binds them; what only the CPU reads is bound where it lies. */
export function bindInputs(
  binding: Binding,
  tensors: NamedTensors,
  { runtime, memory, scratch }: { runtime: NativeRuntime; memory: DeviceMemory; scratch: Scratch },
): void {
  const isCopied = ([name]: [string, Tensor]) => !hostInputs.has(name);
  const entries = Object.entries(tensors);
  scratch.reset(entries.filter(isCopied).reduce((sum, [, { data }]) => sum + aligned(data.byteLength), 0));
  for (const entry of entries) {
    const [name, tensor] = entry;
    if (!isCopied(entry)) {
      binding.lend('input', name, runtime.hostTensor(tensor));
      continue;
    }
    const { type, dims, data } = tensor;
    const pointer = scratch.take(data.byteLength);
    memory.write(pointer, data);
    binding.lend('input', name, runtime.tensorAt(memory.info, pointer, type, dims, data.byteLength));
  }
}
