import type { NamedTensors, Tensor } from '#models';
import { aligned, type DeviceMemory } from './device-memory.js';
import type { InputBlock } from './input-block.js';
import type { Binding, NativeRuntime } from './native-session.js';

/** Inputs that kernels on the CPU read: sizes and choices. */
const hostInputs = new Set(['is_batched', 'is_padded', 'image_count', 'attention_bounds']);

/** Sends the inputs of a run to the device and binds them; what only the CPU reads is bound where it lies. */
export function bindInputs(
  binding: Binding,
  tensors: NamedTensors,
  { runtime, memory, block }: { runtime: NativeRuntime; memory: DeviceMemory; block: InputBlock },
): void {
  const isSent = ([name]: [string, Tensor]) => !hostInputs.has(name);
  const entries = Object.entries(tensors);
  block.begin(entries.filter(isSent).reduce((sum, [, { data }]) => sum + aligned(data.byteLength), 0));
  for (const entry of entries) {
    const [name, tensor] = entry;
    const { type, dims, data } = tensor;
    const value = isSent(entry)
      ? runtime.tensorAt(memory.info, block.put(data), type, dims, data.byteLength)
      : runtime.hostTensor(tensor);
    binding.lend('input', name, value);
  }
  block.send();
}
