import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ModelError } from '../errors.js';
import { modelProto, type OnnxType } from './onnx-schema.js';

/** Name of the metadata entry that tells where the weights of a graph with free weights lie. */
export const freeWeightsEntry = 'quire.weights';

/** A weight that a graph takes as an input, and where its bytes lie. */
export interface FreeWeight {
  readonly name: string;
  readonly type: OnnxType;
  readonly dims: readonly number[];
  /** File beside the graph. */
  readonly location: string;
  readonly offset: number;
  readonly byteLength: number;
}

interface PlainModel {
  readonly metadataProps: readonly { readonly key: string; readonly value: string }[];
}

/** The weights a compiled graph wants as inputs, with absolute paths. Throws COMPILE_FAILED where it tells of none. */
export function readFreeWeights(path: string): FreeWeight[] {
  const { metadataProps } = modelProto.decode(readFileSync(path)) as unknown as PlainModel;
  const entry = metadataProps.find(({ key }) => key === freeWeightsEntry);
  if (!entry) throw new ModelError('COMPILE_FAILED', `${path} was not compiled with free weights`);
  return (JSON.parse(entry.value) as FreeWeight[]).map((weight) => ({
    ...weight,
    location: join(dirname(path), weight.location),
  }));
}
