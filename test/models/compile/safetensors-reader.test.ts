import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SafetensorsReader } from '../../../models/compile/safetensors-reader.js';
import { openWeights } from '../../../models/compile/weights-files.js';
import { encodeSafetensors } from '../../support/safetensors-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quire-weights-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const name = 'model.safetensors';
const put = (bytes: Uint8Array, file = name) => writeFileSync(join(folder, file), bytes);
const open = () => new SafetensorsReader(folder, [name]);

/** A file whose header says what it likes about `dataBytes` bytes. */
const forged = (header: string | object, dataBytes = 16) => {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)]);
};
const tensor = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('SafetensorsReader', () => {
  it('reads float32, float16 and bfloat16 as float32, across its chunks', () => {
    const long = Float32Array.from({ length: 3_000_001 }, (_, index) => index % 2048);
    put(
      encodeSafetensors({
        single: { type: 'F32', shape: [2, 2], values: [1.5, -2, 3e-40, 4] },
        half: { type: 'F16', shape: [3], values: [1.5, -65504, 2 ** -24] },
        brain: { type: 'BF16', shape: [2], values: [1.5, -(2 ** 100)] },
        long: { type: 'F16', shape: [long.length], values: long },
      }),
    );
    const reader = open();
    expect([...reader.floats('single')]).toEqual([...Float32Array.of(1.5, -2, 3e-40, 4)]);
    expect([...reader.floats('half')]).toEqual([1.5, -65504, 2 ** -24]);
    expect([...reader.floats('brain')]).toEqual([1.5, -(2 ** 100)]);
    expect(Buffer.from(reader.floats('long').buffer).equals(Buffer.from(long.buffer))).toBe(true);
    expect([...reader.floatChunks('long')].length).toBeGreaterThan(1);
    reader.close();
  });

  it.each([
    ['an empty file', Buffer.alloc(0), /no safetensors header/],
    ['a header longer than the file', forged('{}').subarray(0, 9), /does not fit/],
    ['a header of absurd size', Buffer.alloc(64, 0xff), /does not fit/],
    ['a Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\n'), /Git LFS pointer/],
    ['a header that is not JSON', forged('{"a'), /not JSON/],
    ['a header that is a list', forged('[]'), /not an object/],
    ['an unknown type', forged({ a: tensor(0, 16, [4], 'F128') }), /tensor a has the unknown type "F128"/],
    ['a shape that is no shape', forged({ a: tensor(0, 16, [-4]) }), /tensor a has no valid shape/],
    [
      'offsets that run backwards',
      forged({ a: { ...tensor(0, 16), data_offsets: [16, 0] } }),
      /tensor a has no valid data_offsets/,
    ],
    ['offsets beyond the file', forged({ a: tensor(0, 32) }), /tensor a ends at byte 32 of 16: the file is truncated/],
    [
      'bytes that do not fill the shape',
      forged({ a: tensor(0, 16, [5]) }),
      /tensor a of shape \[5\].* 16 bytes, not 20/,
    ],
    ['overlapping tensors', forged({ a: tensor(0, 12), b: tensor(8, 16) }), /tensor b overlaps tensor a/],
    [
      'a tensor listed twice',
      forged(`{"a":${JSON.stringify(tensor(0, 8))},"\\u0061":${JSON.stringify(tensor(8, 16))}}`),
      /tensor a is listed twice/,
    ],
  ])('refuses %s', (_, bytes, message) => {
    put(bytes);
    expect(open).toThrow(message);
    expect(open).toThrow(expect.objectContaining({ code: 'WEIGHTS_INVALID' }));
  });

  it('names a tensor that is missing, of another shape or of a type without floats', () => {
    put(forged({ a: tensor(0, 8), ids: tensor(8, 16, [1], 'I64') }));
    const reader = open();
    expect(() => reader.expect('b', [1])).toThrow(/tensor b is missing/);
    expect(() => reader.expect('a', [1, 2])).toThrow(/tensor a has shape \[2\] where \[1, 2\] is needed/);
    expect(() => reader.floats('ids')).toThrow(/tensor ids has type I64/);
    reader.close();
  });

  it('notices a file that is cut while it is open', () => {
    put(forged({ a: tensor(0, 16) }));
    const reader = open();
    truncateSync(join(folder, name), 75);
    expect(() => reader.floats('a')).toThrow(/tensor a ends early/);
    reader.close();
  });
});

describe('openWeights', () => {
  const part = (names: string[]) =>
    encodeSafetensors(Object.fromEntries(names.map((key) => [key, { type: 'F32' as const, shape: [1], values: [7] }])));
  const putIndex = (map: Record<string, string>) =>
    put(Buffer.from(JSON.stringify({ metadata: {}, weight_map: map })), 'model.safetensors.index.json');

  it('reads several files through their index', () => {
    put(part(['a']), 'model-1.safetensors');
    put(part(['b', 'c']), 'model-2.safetensors');
    putIndex({ a: 'model-1.safetensors', b: 'model-2.safetensors', c: 'model-2.safetensors' });
    const reader = openWeights(folder);
    expect([...reader.names].sort()).toEqual(['a', 'b', 'c']);
    expect([...reader.floats('c')]).toEqual([7]);
    reader.close();
  });

  it('refuses tensors that are in two files, listed but absent, or outside the folder', () => {
    put(part(['a']), 'model-1.safetensors');
    put(part(['a', 'b']), 'model-2.safetensors');
    putIndex({ a: 'model-1.safetensors', b: 'model-2.safetensors' });
    expect(() => openWeights(folder)).toThrow(/tensor a is in model-1\.safetensors and in model-2\.safetensors/);
    put(part(['b']), 'model-2.safetensors');
    putIndex({ a: 'model-1.safetensors', b: 'model-2.safetensors', c: 'model-2.safetensors' });
    expect(() => openWeights(folder)).toThrow(/tensor c is listed/);
    putIndex({ a: '../model-1.safetensors' });
    expect(() => openWeights(folder)).toThrow(/not a file of this folder/);
    putIndex({ a: 'model-3.safetensors' });
    expect(() => openWeights(folder)).toThrow(/model-3\.safetensors cannot be opened/);
    rmSync(join(folder, 'model.safetensors.index.json'));
    expect(() => openWeights(folder)).toThrow(expect.objectContaining({ code: 'MODEL_NOT_FOUND' }));
  });
});
