import { floatToHalf } from '../../models/compile/half-float.js';

export interface FloatTensor {
  readonly type: 'F32' | 'F16' | 'BF16';
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** The bytes of a safetensors file; bfloat16 values are cut, not rounded. */
export function encodeSafetensors(tensors: Readonly<Record<string, FloatTensor>>): Buffer {
  const header: Record<string, object> = { __metadata__: { format: 'pt' } };
  const parts: Buffer[] = [];
  let end = 0;
  for (const [name, { type, shape, values }] of Object.entries(tensors)) {
    const bytes = encodeFloats(type, Float32Array.from(values));
    header[name] = { dtype: type, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
    parts.push(bytes);
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...parts]);
}

function encodeFloats(type: FloatTensor['type'], floats: Float32Array): Buffer {
  if (type === 'F32') return Buffer.from(floats.buffer);
  const halves = new Uint16Array(floats.length);
  if (type === 'F16') floatToHalf(floats, halves);
  else
    new Uint32Array(floats.buffer).forEach((bits, index) => {
      halves[index] = bits >>> 16;
    });
  return Buffer.from(halves.buffer);
}
