import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { ModelError } from '../errors.js';
import type { CompiledModel, CompileProgress, GraphBundle, GraphName } from './compile-model.js';
import { ExternalDataFile } from './external-data.js';
import type { WeightSource } from './graph-builder.js';
import { onnxTypeBytes } from './onnx-schema.js';
import { inlineWeightBytes, writeModel } from './onnx-writer.js';

const temporaryPrefix = 'compiling-';
/** No compilation takes this long: what is older was left by a process that died. */
const abandonedMs = 60 * 60 * 1000;

/** Graphs nobody opened for this long are removed, so that old versions do not pile up. */
const unusedMs = 30 * 24 * 60 * 60 * 1000;

/** Written last into a folder of graphs; lists its files and their sizes. */
const markerName = 'compiled.json';
const markerSchema = z.object({ files: z.record(z.string(), z.number().int()) });

/** The graphs stored under `key`, if they are whole. */
export function findCompiled(cacheDir: string, key: string): CompiledModel | undefined {
  const dir = resolve(cacheDir, key);
  const markerPath = join(dir, markerName);
  if (!existsSync(markerPath)) return undefined;
  let files: Record<string, number>;
  try {
    files = markerSchema.parse(JSON.parse(readFileSync(markerPath, 'utf8'))).files;
  } catch {
    return undefined;
  }
  for (const [name, size] of Object.entries(files)) {
    if (statSync(join(dir, name), { throwIfNoEntry: false })?.size !== size) return undefined;
  }
  markUsed(markerPath);
  return describe(dir, key, true);
}

/** The marker's time tells when graphs were last wanted; in a cache that cannot be written nothing is swept either. */
function markUsed(markerPath: string): void {
  try {
    utimesSync(markerPath, new Date(), new Date());
  } catch {}
}

/** Writes the bundles into a temporary folder of the cache and returns its path. */
export async function writeAside(
  cacheDir: string,
  key: string,
  bundles: readonly GraphBundle[],
  onProgress: (progress: CompileProgress) => void,
): Promise<string> {
  const folder = mkdtempSync(join(resolve(cacheDir), `${temporaryPrefix}${key}-`));
  const totalBytes = bundles.reduce((sum, bundle) => sum + bundleBytes(bundle), 0);
  let doneBytes = 0;
  try {
    for (const { dataName, graphs } of bundles) {
      const data = new ExternalDataFile(join(folder, dataName));
      try {
        for (const { name, graph, hasFreeWeights } of graphs) {
          data.onWritten = (byteLength) => {
            doneBytes += byteLength;
            onProgress({ graph: name, doneBytes, totalBytes });
          };
          writeModel(join(folder, `${name}.onnx`), graph, data, hasFreeWeights);
          await nextTurn();
        }
      } finally {
        data.close();
      }
    }
    const files = Object.fromEntries(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).size]));
    writeFileSync(join(folder, markerName), JSON.stringify({ files }));
    return folder;
  } catch (cause) {
    rmSync(folder, { recursive: true, force: true });
    if (cause instanceof ModelError) throw cause;
    throw new ModelError('COMPILE_FAILED', `the graphs cannot be written: ${(cause as Error).message}`, { cause });
  }
}

/** Moves a finished folder to its key. Where another process was faster, its result stays and ours is removed. */
export function publishCompiled(cacheDir: string, key: string, folder: string): CompiledModel {
  const dir = resolve(cacheDir, key);
  try {
    renameSync(folder, dir);
  } catch (cause) {
    const winner = findCompiled(cacheDir, key);
    if (winner) {
      rmSync(folder, { recursive: true, force: true });
      return winner;
    }
    // A damaged folder stands at the key: take its place.
    const aside = mkdtempSync(join(resolve(cacheDir), `${temporaryPrefix}damaged-`));
    try {
      renameSync(dir, join(aside, key));
      renameSync(folder, dir);
    } catch {
      rmSync(folder, { recursive: true, force: true });
      throw new ModelError('COMPILE_FAILED', `the graphs cannot be moved to ${dir}`, { cause });
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
  }
  return describe(dir, key, false);
}

/** Removes temporary folders of processes that died, and graphs that nobody wanted for a month. */
export function sweepAbandoned(cacheDir: string, nowMs = Date.now()): void {
  for (const name of readdirSync(cacheDir)) {
    const path = join(cacheDir, name);
    const isTemporary = name.startsWith(temporaryPrefix);
    const watched = isTemporary ? path : join(path, markerName);
    const age = nowMs - (statSync(watched, { throwIfNoEntry: false })?.mtimeMs ?? nowMs);
    if (age > (isTemporary ? abandonedMs : unusedMs)) rmSync(path, { recursive: true, force: true });
  }
}

function describe(dir: string, key: string, fromCache: boolean): CompiledModel {
  const path = (name: GraphName) => join(dir, `${name}.onnx`);
  const decoder = path('decoder');
  const graphs = existsSync(decoder)
    ? {
        vision: path('vision'),
        prefill: decoder,
        decode: decoder,
        prompt: path('prompt'),
        step: path('step'),
        wideStep: path('wide-step'),
      }
    : { vision: path('vision'), prefill: path('prefill'), decode: path('decode') };
  const layout = path('layout');
  return { dir, key, graphs: existsSync(layout) ? { ...graphs, layout } : graphs, fromCache };
}

function bundleBytes(bundle: GraphBundle): number {
  const sizes = new Map<WeightSource, number>();
  for (const { graph } of bundle.graphs) {
    for (const { shape, source } of graph.weights) {
      sizes.set(
        source,
        shape.reduce((product, size) => product * size, onnxTypeBytes[source.type]),
      );
    }
  }
  return [...sizes.values()].reduce((sum, size) => sum + (size > inlineWeightBytes ? size : 0), 0);
}
