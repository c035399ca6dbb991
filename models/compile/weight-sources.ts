import type { WeightSource } from './graph-builder.js';

/** Float32 values computed when they are written, as one tensor. */
export function float32Source(values: () => Float32Array): WeightSource {
  return {
    type: 'float32',
    *chunks() {
      yield bytesOf(values());
    },
  };
}

/** Values of any element type computed when they are written. */
export function bytesSource(
  type: WeightSource['type'],
  values: () => ArrayBufferView | Iterable<ArrayBufferView>,
): WeightSource {
  return {
    type,
    *chunks() {
      const made = values();
      for (const chunk of ArrayBuffer.isView(made) ? [made] : made) yield bytesOf(chunk);
    },
  };
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
