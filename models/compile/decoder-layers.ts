import type { TextConfig } from '../reader-config.js';
import { float, type GraphBuilder, microsoft } from './graph-builder.js';
import type { Linear } from './linear.js';
import { onnxTypeIds } from './onnx-schema.js';
import type { ReaderWeights } from './reader-weights.js';

export interface DecoderParts {
  readonly config: TextConfig;
  readonly tieWordEmbeddings: boolean;
  readonly weights: ReaderWeights;
  readonly linear: Linear;
  /** Queries, keys and values, and the way back from attention; `linear` when absent. */
  readonly fusedLinear?: Linear;
  readonly outputLinear?: Linear;
}

/** How a graph attends: fused queries, keys and values [rows, (heads + 2·kvHeads)·headDim] to [rows, heads·headDim]. */
export type Attend = (queriesKeysValues: string, layerIndex: number) => string;

/**
 * The decoder's layers on token rows `x` [rows, hiddenSize], up to and with the final norm.
 * `keepRows` picks, in the last layer after attention, the rows whose output is wanted: the others only had to
 * give their keys and values.
 */
export function buildDecoderLayers(
  graph: GraphBuilder,
  parts: DecoderParts,
  x: string,
  attend: Attend,
  keepRows: (rows: string) => string = (rows) => rows,
): string {
  const { config, weights, linear, fusedLinear = linear, outputLinear = linear } = parts;
  const { hiddenSize, intermediateSize, headCount, kvHeadCount, headDim } = config;
  const norm = (short: string) => {
    const full = weights.name('text', short);
    return graph.weight(full, [hiddenSize], weights.rows([full], [[hiddenSize]]));
  };
  const dense = (input: string, names: string[], outputSizes: number[], inputSize: number, by = linear) =>
    by(graph, input, { names: names.map((short) => weights.name('text', short)), outputSizes, inputSize });
  const addAndNorm = (input: string, residual: string, short: string) => {
    const [normed, , , sum] = graph.op('SkipSimplifiedLayerNormalization', [input, residual, norm(short)], {
      domain: microsoft,
      outputs: [true, false, false, true],
      attributes: { epsilon: float(config.rmsNormEps) },
    });
    return [normed, sum];
  };

  let sum = x;
  let normed = graph.op('SimplifiedLayerNormalization', [x, norm('layers.0.input_layernorm.weight')], {
    attributes: { axis: -1, epsilon: float(config.rmsNormEps), stash_type: 1 },
  });
  for (let index = 0; index < config.layerCount; index++) {
    const layer = `layers.${index}.`;
    const isLast = index + 1 === config.layerCount;
    const keep = isLast ? keepRows : (rows: string) => rows;
    const projections = ['q', 'k', 'v'].map((part) => `${layer}self_attn.${part}_proj.weight`);
    const keyWidth = kvHeadCount * headDim;
    const fused = dense(normed, projections, [headCount * headDim, keyWidth, keyWidth], hiddenSize, fusedLinear);
    const attended = keep(attend(fused, index));
    const mixed = dense(attended, [`${layer}self_attn.o_proj.weight`], [hiddenSize], headCount * headDim, outputLinear);
    [normed, sum] = addAndNorm(mixed, keep(sum), `${layer}post_attention_layernorm.weight`);
    const gate = dense(normed, [`${layer}mlp.gate_proj.weight`], [intermediateSize], hiddenSize);
    const up = dense(normed, [`${layer}mlp.up_proj.weight`], [intermediateSize], hiddenSize);
    const silu = graph.op('QuickGelu', [gate], { domain: microsoft, attributes: { alpha: float(1) } });
    const active = graph.op('Mul', [silu, up]);
    const narrow = dense(active, [`${layer}mlp.down_proj.weight`], [hiddenSize], intermediateSize);
    [normed, sum] = addAndNorm(narrow, sum, isLast ? 'norm.weight' : `layers.${index + 1}.input_layernorm.weight`);
  }
  return normed;
}

/** The embedding table as a weight [vocabSize, hiddenSize]. */
export function embeddingTable(graph: GraphBuilder, parts: DecoderParts): string {
  const { config, weights } = parts;
  const full = weights.name('text', 'embed_tokens.weight');
  const shape = [config.vocabSize, config.hiddenSize];
  return graph.weight(full, shape, weights.rows([full], [shape]));
}

/** Greedy choice for rows [B, hiddenSize]: token ids int64 [B] and their log-probabilities float32 [B]. */
export function chooseTokens(graph: GraphBuilder, parts: DecoderParts, rows: string): [token: string, logprob: string] {
  const { config, weights, linear } = parts;
  const logits = linear(graph, rows, {
    names: [weights.headName(parts.tieWordEmbeddings)],
    outputSizes: [config.vocabSize],
    inputSize: config.hiddenSize,
  });
  const token = graph.op('ArgMax', [logits], { attributes: { axis: 1, keepdims: 0 } });
  // LogSoftmax is vectorised and parallel where ReduceLogSumExp is neither.
  const logprobs = graph.op('LogSoftmax', [logits], { attributes: { axis: 1 } });
  if (weights.floatType === 'float32') {
    return [token, graph.op('ReduceMax', [logprobs, graph.constant([1])], { attributes: { keepdims: 0 } })];
  }
  // On CUDA reducing rows of a whole vocabulary takes milliseconds.
  const column = graph.op('Unsqueeze', [token, graph.constant([1])]);
  const chosen = graph.op('GatherElements', [logprobs, column], { attributes: { axis: 1 } });
  const flat = graph.op('Squeeze', [chosen, graph.constant([1])]);
  return [token, graph.op('Cast', [flat], { attributes: { to: onnxTypeIds.float32 } })];
}

/**
 * M-RoPE angles of `positions` int64 [3, rows] (time, height, width) as cos and sin tables [rows, headDim / 2]:
 * each axis turns its own section of the frequencies.
 */
export function textRotation(graph: GraphBuilder, config: TextConfig, positions: string): [cos: string, sin: string] {
  const { headDim, ropeTheta, mropeSection } = config;
  const column = graph.op('Unsqueeze', [graph.op('Cast', [positions], { attributes: { to: 1 } }), graph.constant([2])]);
  const axes = graph.op('Split', [column, graph.constant([1, 1, 1])], { outputs: 3, attributes: { axis: 0 } });
  let first = 0;
  const angles = mropeSection.map((size, axis) => {
    const frequencies = Array.from({ length: size }, (_, i) => ropeTheta ** ((-2 * (first + i)) / headDim));
    first += size;
    return graph.op('Mul', [axes[axis], graph.constant(frequencies, 'float32', [1, 1, size])]);
  });
  const table = graph.op('Squeeze', [graph.op('Concat', angles, { attributes: { axis: 2 } }), graph.constant([0])]);
  return [graph.op('Cos', [table]), graph.op('Sin', [table])];
}

/** Splits fused projections [..., (heads + 2·kvHeads)·headDim] along the last axis. */
export function splitHeads(graph: GraphBuilder, config: TextConfig, fused: string): [q: string, k: string, v: string] {
  const { headCount, kvHeadCount, headDim } = config;
  const sizes = graph.constant([headCount * headDim, kvHeadCount * headDim, kvHeadCount * headDim]);
  const [q, k, v] = graph.op('Split', [fused, sizes], { outputs: 3, attributes: { axis: -1 } });
  return [q, k, v];
}
