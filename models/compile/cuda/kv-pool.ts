import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ModelError } from '../../errors.js';
import type { TextConfig } from '../../reader-config.js';
import { toHalfBits } from '../half-float.js';
import { externalLocation, modelProto, onnxTypeIds } from '../onnx-schema.js';
import { keyCacheName, valueCacheName } from './paged-decoder-graph.js';

/** Tokens of a block: what the attention kernels of every head size take. */
export const pagedBlockSize = 256;

/** Bytes of one block of the pool over all layers. */
export function pagedBlockBytes({ layerCount, kvHeadCount, headDim }: TextConfig): number {
  return layerCount * 2 * tensorBlockBytes({ kvHeadCount, headDim });
}

function tensorBlockBytes({ kvHeadCount, headDim }: Pick<TextConfig, 'kvHeadCount' | 'headDim'>): number {
  return pagedBlockSize * kvHeadCount * headDim * 2;
}

interface PlainTensor {
  readonly name: string;
}

interface PlainModel {
  readonly graph: { readonly input: readonly PlainTensor[]; readonly initializer: readonly object[] };
}

/**
 * Writes a copy of a compiled paged decoder, beside it, whose pool of `blockCount` blocks is part of the graph: the
 * runtime then keeps it on the device for the life of a session and attention changes it in place. Returns its path;
 * a copy that is there already is used again. The pool's file is sparse: it takes no room on the disk. Each tensor
 * differs from all others by its first value, so that the runtime cannot share one among several; block 0, where that
 * value stands, must not be used for tokens. Throws COMPILE_FAILED.
 */
export function embedKvPool(decoderPath: string, config: TextConfig, blockCount: number): string {
  const dir = dirname(decoderPath);
  const path = join(dir, `decoder-${blockCount}.onnx`);
  if (existsSync(path)) return path;
  const { layerCount, kvHeadCount, headDim } = config;
  const names = Array.from({ length: layerCount }, (_, layer) => [keyCacheName(layer), valueCacheName(layer)]).flat();
  const byteLength = blockCount * tensorBlockBytes(config);
  const location = `pool-${blockCount}.data`;
  const initializers = names.map((name, index) => ({
    name,
    dims: [blockCount, pagedBlockSize, kvHeadCount, headDim],
    dataType: onnxTypeIds.float16,
    dataLocation: externalLocation,
    externalData: [
      { key: 'location', value: location },
      { key: 'offset', value: String(index * byteLength) },
      { key: 'length', value: String(byteLength) },
    ],
  }));
  try {
    const model = modelProto.decode(readFileSync(decoderPath)) as unknown as PlainModel;
    const pooled = {
      ...model,
      graph: {
        ...model.graph,
        input: model.graph.input.filter(({ name }) => !names.includes(name)),
        initializer: [...model.graph.initializer, ...initializers],
      },
    };
    // Under a name of its own first: another shard may do the same at this moment.
    const aside = `-${process.pid}-${Math.random().toString(36).slice(2)}`;
    writePool(join(dir, location + aside), names.length, byteLength);
    renameSync(join(dir, location + aside), join(dir, location));
    writeFileSync(path + aside, modelProto.encode(pooled).finish(), { flag: 'wx' });
    renameSync(path + aside, path);
    return path;
  } catch (cause) {
    throw new ModelError('COMPILE_FAILED', `the KV pool cannot be written to ${dir}`, { cause });
  }
}

function writePool(path: string, tensorCount: number, byteLength: number): void {
  const file = openSync(path, 'wx');
  try {
    ftruncateSync(file, tensorCount * byteLength);
    for (let index = 0; index < tensorCount; index++) {
      writeSync(file, Uint16Array.of(toHalfBits(index + 1)), 0, 2, index * byteLength);
    }
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}
