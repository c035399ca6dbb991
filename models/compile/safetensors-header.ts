import { ModelError } from '../errors.js';

/** Element types of the safetensors format that we can name; only the floats up to 32 bits become weights. */
export const safetensorsTypeBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const;

export type SafetensorsType = keyof typeof safetensorsTypeBytes;

/** Where a tensor lies in its file; `offset` counts from the start of the file. */
export interface TensorEntry {
  readonly name: string;
  readonly type: SafetensorsType;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly byteLength: number;
}

/** The limit of the reference implementation. */
export const maxHeaderBytes = 100_000_000;

/**
 * Parses the JSON header of a safetensors file (https://github.com/huggingface/safetensors#format) and checks it
 * against the size of the data that follows. Throws WEIGHTS_INVALID naming the file and the tensor.
 */
export function parseSafetensorsHeader(
  text: string,
  fileName: string,
  dataOffset: number,
  dataBytes: number,
): TensorEntry[] {
  const fail = (reason: string): never => {
    throw new ModelError('WEIGHTS_INVALID', `${fileName}: ${reason}`);
  };
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    return fail('the header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    return fail('the header is not an object');
  const duplicate = duplicateKey(text);
  if (duplicate !== undefined) fail(`tensor ${duplicate} is listed twice`);

  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
    if (typeof dtype !== 'string' || !(dtype in safetensorsTypeBytes)) {
      fail(`tensor ${name} has the unknown type ${JSON.stringify(dtype)}`);
    }
    if (!isCounts(shape)) return fail(`tensor ${name} has no valid shape`);
    if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
      return fail(`tensor ${name} has no valid data_offsets`);
    }
    const type = dtype as SafetensorsType;
    const [begin, end] = offsets;
    if (end > dataBytes) fail(`tensor ${name} ends at byte ${end} of ${dataBytes}: the file is truncated`);
    const expected = shape.reduce((product, size) => product * size, safetensorsTypeBytes[type]);
    if (expected !== end - begin) {
      fail(`tensor ${name} of shape [${shape.join(', ')}] and type ${type} has ${end - begin} bytes, not ${expected}`);
    }
    entries.push({ name, type, shape, offset: dataOffset + begin, byteLength: end - begin });
  }
  refuseOverlaps(entries, fail);
  return entries;
}

function refuseOverlaps(entries: readonly TensorEntry[], fail: (reason: string) => never): void {
  const ordered = entries.filter((entry) => entry.byteLength > 0).sort((a, b) => a.offset - b.offset);
  for (let index = 1; index < ordered.length; index++) {
    const previous = ordered[index - 1];
    if (previous.offset + previous.byteLength > ordered[index].offset) {
      fail(`tensor ${ordered[index].name} overlaps tensor ${previous.name}`);
    }
  }
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** The first key an object's JSON text has twice at its outermost level; JSON.parse would silently keep the last. */
function duplicateKey(text: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (const match of text.matchAll(/[{}[\]]|"(?:[^"\\]|\\.)*"(\s*:)?/g)) {
    const token = match[0];
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (depth === 1 && match[1] !== undefined) {
      const key = JSON.parse(token.slice(0, token.length - match[1].length)) as string;
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}
