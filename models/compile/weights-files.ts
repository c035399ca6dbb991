import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { ModelError } from '../errors.js';
import { SafetensorsReader } from './safetensors-reader.js';

const indexName = 'model.safetensors.index.json';
const singleName = 'model.safetensors';
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** The weight files of a snapshot folder, and for several files which tensor the index places where. */
export interface WeightsFiles {
  readonly names: readonly string[];
  readonly index?: Readonly<Record<string, string>>;
}

/** Finds `model.safetensors`, or the files its index lists. Throws MODEL_NOT_FOUND or MODEL_INVALID. */
export function findWeights(folder: string): WeightsFiles {
  if (existsSync(join(folder, singleName))) return { names: [singleName] };
  const path = join(folder, indexName);
  if (!existsSync(path))
    throw new ModelError('MODEL_NOT_FOUND', `${folder} has neither ${singleName} nor ${indexName}`);
  let index: z.infer<typeof indexSchema>;
  try {
    index = indexSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new ModelError('MODEL_INVALID', `${path}: no valid weight_map`, { cause });
  }
  const names = [...new Set(Object.values(index.weight_map))].sort();
  const foreign = names.find((name) => name !== basename(name) || !name.endsWith('.safetensors'));
  if (foreign !== undefined) throw new ModelError('MODEL_INVALID', `${path}: ${foreign} is not a file of this folder`);
  if (names.length === 0) throw new ModelError('MODEL_INVALID', `${path}: weight_map is empty`);
  return { names, index: index.weight_map };
}

/** Opens the weights of a snapshot folder; the caller closes the reader. Throws WEIGHTS_INVALID too. */
export function openWeights(folder: string): SafetensorsReader {
  const files = findWeights(folder);
  const reader = new SafetensorsReader(folder, files.names);
  for (const name of Object.keys(files.index ?? {})) {
    if (reader.has(name)) continue;
    reader.close();
    throw new ModelError('WEIGHTS_INVALID', `tensor ${name} is listed in ${indexName} but not in its file`);
  }
  return reader;
}
