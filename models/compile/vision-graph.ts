import type { ImageProcessorConfig, VisionConfig } from '../reader-config.js';
import { float, GraphBuilder, microsoft } from './graph-builder.js';
import type { Linear } from './linear.js';
import type { ReaderWeights } from './reader-weights.js';
import { bytesSource } from './weight-sources.js';

/** What the graphs of a reader are made from. */
export interface VisionParts {
  readonly config: VisionConfig;
  readonly processor: ImageProcessorConfig;
  /** Width of the decoder, into which the projector leads. */
  readonly textHiddenSize: number;
  readonly weights: ReaderWeights;
  /** The layers of the encoder and the projector. */
  readonly linear: Linear;
  /** The patch embedding. */
  readonly patchLinear: Linear;
  /** Encodes the images one by one inside the graph: for layers whose rows share a scale. */
  readonly isSeparate: boolean;
}

/** Values that describe the patches of one or several images; see `buildVisionGraph`. */
export interface PatchValues {
  readonly pixels: string;
  readonly positionIndex: string;
  readonly positionWeight: string;
  readonly rowColumn: string;
  readonly mergeIndex: string;
  readonly imageCount: string;
}

/** The projector's norm has no entry in the config; the published code fixes it. */
const projectorNormEps = 1e-5;

/**
 * Vision encoder and projector for a batch of images of the same patch count, one after another.
 *
 * Inputs: `pixel_values` uint8 [N, 3·p·p], or [N, p·p] where one channel stands for all three; `pos_index` int64 [N, 4]
 * and `pos_weight` float32 [N, 4], the four neighbours of a patch in the learned position grid; `rope_hw` float32
 * [N, 2], row and column of a patch; `merge_index` int64 [N], patches in the order in which the projector groups them;
 * `image_count` int64 [1].
 * Output: `image_embeds` float32 [N / merge², textHiddenSize].
 */
export function buildVisionGraph(parts: VisionParts): GraphBuilder {
  const graph = new GraphBuilder('vision');
  const values = patchInputs(graph);
  const embeds = parts.isSeparate ? encodeSeparately(graph, parts, values) : encode(graph, parts, values);
  graph.output(embeds, 'float32', ['M', parts.textHiddenSize], 'image_embeds');
  return graph;
}

/** The inputs that describe patches, as `buildVisionGraph` tells. */
export function patchInputs(graph: GraphBuilder): PatchValues {
  return {
    pixels: graph.input('pixel_values', 'uint8', ['N', 'C']),
    positionIndex: graph.input('pos_index', 'int64', ['N', 4]),
    positionWeight: graph.input('pos_weight', 'float32', ['N', 4]),
    rowColumn: graph.input('rope_hw', 'float32', ['N', 2]),
    mergeIndex: graph.input('merge_index', 'int64', ['P']),
    imageCount: graph.input('image_count', 'int64', [1]),
  };
}

/** A Loop over the images, so that what an image gives cannot depend on the others of its run. */
function encodeSeparately(graph: GraphBuilder, parts: VisionParts, values: PatchValues): string {
  const total = graph.op('Shape', [values.pixels], { attributes: { start: 0, end: 1 } });
  const size = graph.op('Div', [total, values.imageCount]);
  const body = graph.subgraph('image');
  const image = body.input('image', 'int64', []);
  const going = body.input('going', 'bool', []);
  const start = body.op('Mul', [body.op('Unsqueeze', [image, body.constant([0])]), size]);
  const end = body.op('Add', [start, size]);
  const part = (value: string) => body.op('Slice', [value, start, end, body.constant([0])]);
  const embeds = encode(body, parts, {
    pixels: part(values.pixels),
    positionIndex: part(values.positionIndex),
    positionWeight: part(values.positionWeight),
    rowColumn: part(values.rowColumn),
    mergeIndex: body.op('Sub', [part(values.mergeIndex), start]),
    imageCount: body.constant([1]),
  });
  body.output(body.op('Identity', [going]), 'bool', []);
  body.output(embeds, 'float32', [null, parts.textHiddenSize]);
  const count = graph.op('Squeeze', [values.imageCount]);
  const [stacked] = graph.op('Loop', [count, graph.constant(1, 'bool')], { outputs: 1, attributes: { body } });
  return graph.op('Reshape', [stacked, graph.constant([-1, parts.textHiddenSize])]);
}

/** Encoder and projector; returns the embeddings. */
function encode(graph: GraphBuilder, parts: VisionParts, values: PatchValues): string {
  const { config, weights, linear } = parts;
  const { hiddenSize, headCount } = config;
  const name = (short: string) => weights.name('vision', short);
  const vector = (full: string) => graph.weight(full, [hiddenSize], weights.rows([full], [[hiddenSize]]));
  const norm = (layer: string) => [vector(`${layer}.weight`), vector(`${layer}.bias`)];
  const dense = (x: string, layer: string, outputSize: number, inputSize: number) =>
    linear(graph, x, {
      names: [`${layer}.weight`],
      outputSizes: [outputSize],
      inputSize,
      biasNames: [`${layer}.bias`],
    });

  let sum = embedPatches(graph, parts, values);
  const rotate = prepareRotation(graph, config, values);
  const flat = graph.constant([-1, hiddenSize]);
  const perImage = graph.op('Concat', [values.imageCount, graph.constant([-1, hiddenSize])], {
    attributes: { axis: 0 },
  });
  const attributes = { axis: -1, epsilon: float(config.layerNormEps) };
  const layerNorm = (x: string, layer: string) => graph.op('LayerNormalization', [x, ...norm(layer)], { attributes });
  let normed = layerNorm(sum, name('encoder.layers.0.layer_norm1'));
  // Two nodes: on the CPU they take a sixth of the time of the fused SkipLayerNormalization.
  const addAndNorm = (x: string, layer: string) => {
    sum = graph.op('Add', [x, sum]);
    normed = layerNorm(sum, layer);
  };

  for (let index = 0; index < config.layerCount; index++) {
    const layer = name(`encoder.layers.${index}.`);
    const project = (short: string) =>
      graph.op('Reshape', [dense(normed, `${layer}self_attn.${short}`, hiddenSize, hiddenSize), perImage]);
    const attention = graph.op(
      'MultiHeadAttention',
      [rotate(project('q_proj')), rotate(project('k_proj')), project('v_proj')],
      { domain: microsoft, attributes: { num_heads: headCount } },
    );
    const attended = dense(
      graph.op('Reshape', [attention, flat]),
      `${layer}self_attn.out_proj`,
      hiddenSize,
      hiddenSize,
    );
    addAndNorm(attended, `${layer}layer_norm2`);
    const wide = dense(normed, `${layer}mlp.fc1`, config.intermediateSize, hiddenSize);
    const active = graph.op('FastGelu', [wide], { domain: microsoft });
    const narrow = dense(active, `${layer}mlp.fc2`, hiddenSize, config.intermediateSize);
    const isLast = index + 1 === config.layerCount;
    const next = isLast ? name('post_layernorm') : name(`encoder.layers.${index + 1}.layer_norm1`);
    addAndNorm(narrow, next);
  }
  return projectPatches(graph, normed, parts, values);
}

/** Normalised patches through the patch convolution (a matrix, as stride equals size), plus learned positions. */
export function embedPatches(graph: GraphBuilder, parts: Omit<VisionParts, 'isSeparate'>, values: PatchValues): string {
  const { config, processor, weights, patchLinear } = parts;
  const { hiddenSize, patchSize, positionGridSize } = config;
  const patchArea = patchSize * patchSize;
  // (byte · rescale - mean) / std, channel by channel; one channel spreads over all three.
  const perChannel = (label: string, value: (channel: number) => number) =>
    graph.weight(
      label,
      [3, 1],
      bytesSource('float32', () => Float32Array.from({ length: 3 }, (_, channel) => value(channel))),
    );
  const count = graph.op('Shape', [values.rowColumn], { attributes: { start: 0, end: 1 } });
  const perPatch = (sizes: number[]) => graph.op('Concat', [count, graph.constant(sizes)], { attributes: { axis: 0 } });
  const channels = graph.op('Reshape', [values.pixels, perPatch([-1, patchArea])]);
  const { rescaleFactor, mean, std } = processor;
  const scaled = graph.op('Mul', [
    graph.op('Cast', [channels], { attributes: { to: 1 } }),
    perChannel('pixel_scale', (channel) => rescaleFactor / std[channel]),
  ]);
  const offset = perChannel('pixel_offset', (channel) => -mean[channel] / std[channel]);
  const normalised = graph.op('Reshape', [graph.op('Add', [scaled, offset]), perPatch([3 * patchArea])]);
  const pixels = weights.asFloatType(graph, normalised);

  const convolution = weights.name('vision', 'embeddings.patch_embedding');
  const patches = patchLinear(graph, pixels, {
    names: [`${convolution}.weight`],
    outputSizes: [hiddenSize],
    inputSize: 3 * patchArea,
    storedShape: [hiddenSize, 3, patchSize, patchSize],
    biasNames: [`${convolution}.bias`],
  });

  const tableName = weights.name('vision', 'embeddings.position_embedding.weight');
  const tableShape = [positionGridSize ** 2, hiddenSize];
  const table = graph.weight(tableName, tableShape, weights.rows([tableName], [tableShape]));
  const neighbours = graph.op('Gather', [table, values.positionIndex]);
  const shares = weights.asFloatType(graph, values.positionWeight);
  const mixed = graph.op('MatMul', [graph.op('Unsqueeze', [shares, graph.constant([1])]), neighbours]);
  return graph.op('Add', [patches, graph.op('Squeeze', [mixed, graph.constant([1])])]);
}

/** 2-D rotary positions: the first half of the angles follows the row, the second the column. */
function prepareRotation(graph: GraphBuilder, config: VisionConfig, values: PatchValues): (x: string) => string {
  const [cos, sin] = patchRotation(graph, config, values);
  const count = graph.op('Squeeze', [graph.op('Shape', [values.rowColumn], { attributes: { start: 0, end: 1 } })]);
  const rows = graph.op('Range', [graph.constant(0), count, graph.constant(1)]);
  const shape = graph.op('Concat', [values.imageCount, graph.constant([-1])], { attributes: { axis: 0 } });
  const positions = graph.op('Reshape', [rows, shape]);
  return (x) =>
    graph.op('RotaryEmbedding', [x, positions, cos, sin], {
      domain: microsoft,
      attributes: { num_heads: config.headCount, interleaved: 0 },
    });
}

/** The angles of each patch as float32 cos and sin tables [N, headDim / 2]. */
export function patchRotation(
  graph: GraphBuilder,
  config: VisionConfig,
  values: PatchValues,
): [cos: string, sin: string] {
  const headDim = config.hiddenSize / config.headCount;
  const frequencies = Array.from({ length: headDim / 4 }, (_, i) => config.ropeTheta ** ((-4 * i) / headDim));
  const angles = graph.op('Reshape', [
    graph.op('Mul', [
      graph.op('Unsqueeze', [values.rowColumn, graph.constant([2])]),
      graph.constant(frequencies, 'float32', [1, 1, frequencies.length]),
    ]),
    graph.constant([-1, headDim / 2]),
  ]);
  return [graph.op('Cos', [angles]), graph.op('Sin', [angles])];
}

/** Norm, grouping of merge² neighbouring patches, and two linear layers with an exact GELU between them. */
export function projectPatches(
  graph: GraphBuilder,
  x: string,
  parts: Omit<VisionParts, 'isSeparate'>,
  values: PatchValues,
): string {
  const { config, weights, linear } = parts;
  const { hiddenSize, mergeSize } = config;
  const groupSize = hiddenSize * mergeSize ** 2;
  const vector = (short: string) => {
    const full = weights.name('projector', short);
    return graph.weight(full, [hiddenSize], weights.rows([full], [[hiddenSize]]));
  };
  const normed = graph.op('LayerNormalization', [x, vector('pre_norm.weight'), vector('pre_norm.bias')], {
    attributes: { axis: -1, epsilon: float(projectorNormEps) },
  });
  const grouped = graph.op('Reshape', [
    graph.op('Gather', [normed, values.mergeIndex]),
    graph.constant([-1, groupSize]),
  ]);
  const dense = (input: string, short: string, outputSize: number) =>
    linear(graph, input, {
      names: [weights.name('projector', `${short}.weight`)],
      outputSizes: [outputSize],
      inputSize: groupSize,
      biasNames: [weights.name('projector', `${short}.bias`)],
    });
  const active = graph.op('Gelu', [dense(grouped, 'linear_1', groupSize)], { domain: microsoft });
  return dense(active, 'linear_2', parts.textHiddenSize);
}
