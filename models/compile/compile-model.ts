import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ModelError } from '../errors.js';
import type { LayoutFolder, ModelFolder } from '../open-model.js';
import type { CompileTarget } from './compile-target.js';
import { buildCudaReader } from './cuda/build-cuda-reader.js';
import { buildDecodeGraph } from './decode-graph.js';
import type { GraphBuilder } from './graph-builder.js';
import { findCompiled, publishCompiled, sweepAbandoned, writeAside } from './graph-cache.js';
import { createBlockInt8Linear, createDynamicInt8Linear } from './int8-linear.js';
import { buildLayoutDetector } from './layout/build-layout-detector.js';
import { createFloatLinear } from './linear.js';
import { buildPrefillGraph } from './prefill-graph.js';
import { ReaderWeights } from './reader-weights.js';
import type { SafetensorsReader } from './safetensors-reader.js';
import { buildVisionGraph } from './vision-graph.js';
import { openWeights } from './weights-files.js';

/** Raised when the graphs change, so that no older cache is used. */
const compilerVersion = 11;

export const graphNames = ['vision', 'prefill', 'decode', 'decoder', 'prompt', 'step', 'wide-step', 'layout'] as const;
export type GraphName = (typeof graphNames)[number];

/** Graphs of a model for one target, on disk; each lies beside the file of its weights. */
export interface CompiledModel {
  readonly dir: string;
  /** Hash of everything the graphs were made from. */
  readonly key: string;
  /**
   * Absolute paths. For CUDA one graph prefills and decodes: both paths name it; `prompt`, `step` and `wideStep` are
   * its parts with free weights. `layout` is absent where the model has no detector.
   */
  readonly graphs: Readonly<Record<'vision' | 'prefill' | 'decode', string>> &
    Readonly<Partial<Record<'prompt' | 'step' | 'wideStep' | 'layout', string>>>;
  readonly fromCache: boolean;
}

/** Bytes of weights written of all that will be written. */
export interface CompileProgress {
  readonly graph: GraphName;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** One data file and the graphs that share it. */
export interface GraphBundle {
  readonly dataName: string;
  readonly graphs: readonly {
    readonly name: GraphName;
    readonly graph: GraphBuilder;
    /** Weights are inputs of the graph, see `writeModel`. */
    readonly hasFreeWeights?: boolean;
  }[];
}

/**
 * Writes the ONNX graphs of a model for a target under `cacheDir`, or finds them there. Atomic: graphs appear under
 * their key complete or not at all, and of two processes that compile the same model one result is kept.
 * Memory stays below the largest tensor. Throws WEIGHTS_INVALID, MODEL_INVALID or COMPILE_FAILED.
 */
export async function compileModel(
  model: ModelFolder,
  target: CompileTarget,
  cacheDir: string,
  onProgress: (progress: CompileProgress) => void = () => {},
): Promise<CompiledModel> {
  if ((target.device === 'cuda') !== (target.precision === 'fp16')) {
    throw new ModelError('COMPILE_FAILED', `graphs for ${target.device} in ${target.precision} cannot be built`);
  }
  const key = cacheKey(model, target);
  const known = findCompiled(cacheDir, key);
  if (known) return known;
  try {
    mkdirSync(cacheDir, { recursive: true });
    sweepAbandoned(cacheDir);
  } catch (cause) {
    throw new ModelError('COMPILE_FAILED', `the cache folder ${cacheDir} cannot be used`, { cause });
  }
  const opened: SafetensorsReader[] = [];
  const open = (dir: string) => {
    const reader = openWeights(dir);
    opened.push(reader);
    return reader;
  };
  try {
    const weights = open(model.dir);
    const bundles =
      target.device === 'cuda'
        ? buildCudaReader(model, weights)
        : buildReader(model, new ReaderWeights(weights), target.precision === 'int8');
    if (model.layout) bundles.push(buildLayout(open(model.layout.dir), model.layout));
    await nextTurn();
    const folder = await writeAside(cacheDir, key, bundles, onProgress);
    return publishCompiled(cacheDir, key, folder);
  } finally {
    for (const reader of opened) reader.close();
  }
}

/** The graphs of a model for a target where they are in the cache, whole. */
export function findCompiledModel(
  model: ModelFolder,
  target: CompileTarget,
  cacheDir: string,
): CompiledModel | undefined {
  return findCompiled(cacheDir, cacheKey(model, target));
}

function buildLayout(weights: SafetensorsReader, layout: LayoutFolder): GraphBundle {
  return { dataName: 'layout.data', graphs: [{ name: 'layout', graph: buildLayoutDetector(weights, layout.config) }] };
}

function buildReader(model: ModelFolder, weights: ReaderWeights, isInt8: boolean): GraphBundle[] {
  const { vision, text, tieWordEmbeddings } = model.reader;
  const float = createFloatLinear(weights);
  const visionGraph = buildVisionGraph({
    config: vision,
    processor: model.imageProcessor,
    textHiddenSize: text.hiddenSize,
    weights,
    linear: isInt8 ? createDynamicInt8Linear(weights) : float,
    patchLinear: float,
    isSeparate: isInt8,
  });
  const linear = isInt8 ? createBlockInt8Linear(weights) : float;
  const decoder = { config: text, tieWordEmbeddings, weights, linear };
  return [
    { dataName: 'vision.data', graphs: [{ name: 'vision', graph: visionGraph }] },
    {
      dataName: 'decoder.data',
      graphs: [
        { name: 'prefill', graph: buildPrefillGraph(decoder) },
        { name: 'decode', graph: buildDecodeGraph(decoder) },
      ],
    },
  ];
}

function cacheKey(model: ModelFolder, target: CompileTarget): string {
  const { reader, imageProcessor, weightsId, layout } = model;
  const parts = [compilerVersion, target.device, target.precision, reader, imageProcessor, weightsId];
  const layoutParts = layout ? [layout.config, layout.weightsId] : null;
  return createHash('sha256')
    .update(JSON.stringify([...parts, layoutParts]))
    .digest('hex')
    .slice(0, 32);
}
