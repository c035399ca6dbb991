import { ModelError } from '../../errors.js';
import { float, GraphBuilder, microsoft } from '../graph-builder.js';
import { floatToHalf } from '../half-float.js';
import { linearBias } from '../linear.js';
import type { ReaderWeights } from '../reader-weights.js';
import { embedPatches, patchInputs, patchRotation, projectPatches, type VisionParts } from '../vision-graph.js';
import { bytesSource } from '../weight-sources.js';
import { headsAtOnce, pairedOrder, reordered } from './reordered-weights.js';

/** Attends over projected queries, keys and values [N, hiddenSize] of all patches of a run. */
type PatchAttention = (graph: GraphBuilder, q: string, k: string, v: string) => string;

/**
 * Vision encoder and projector for CUDA in float16. Images of one patch count go through `MultiHeadAttention`, which is
 * the faster, padded to it or not; images of any sizes through `PackedMultiHeadAttention`. All share their weights.
 *
 * Inputs: those of the CPU graph (`buildVisionGraph`), where `image_count` says how many images of one size there are,
 * and `merge_index` int64 [P] leaves out padding; `is_batched` bool [], whether they are of one size; `is_padded` bool
 * [], whether with padding, and `patch_counts` int32 [images], the patches without it; `patch_row` int64 [1, N], 0 to
 * N - 1; `token_offset` int32 [images, S], the places of the packed patches in a padded [images, S], then those of the
 * padding; `patch_starts` int32 [images + 1], first patch of each image and the end.
 * Output: `image_embeds` float16 [N / merge², textHiddenSize].
 */
export function buildCudaVisionGraph(parts: Omit<VisionParts, 'isSeparate'>): GraphBuilder {
  const { config, weights, textHiddenSize } = parts;
  const { hiddenSize, headCount } = config;
  const graph = new GraphBuilder('vision');
  const values = patchInputs(graph);
  const isBatched = graph.input('is_batched', 'bool', []);
  const isPadded = graph.input('is_padded', 'bool', []);
  const patchCounts = graph.input('patch_counts', 'int32', ['I']);
  const patchRow = graph.input('patch_row', 'int64', [1, 'N']);
  const tokenOffset = graph.input('token_offset', 'int32', ['B', 'S']);
  const patchStarts = graph.input('patch_starts', 'int32', ['B1']);

  const atOnce = headsAtOnce(headCount, hiddenSize / headCount);
  const [cos, sin] = patchRotation(graph, config, values).map((table) =>
    graph.op('Concat', new Array(atOnce).fill(weights.asFloatType(graph, table)), { attributes: { axis: 1 } }),
  );
  const rotate = (body: GraphBuilder, x: string) =>
    body.op('RotaryEmbedding', [body.op('Unsqueeze', [x, body.constant([0])]), patchRow, cos, sin], {
      domain: microsoft,
      attributes: { num_heads: headCount / atOnce, interleaved: 1 },
    });
  const attributes = { num_heads: headCount };
  const attendTogether = (body: GraphBuilder, [q, k, v]: string[], masks: string[]) => {
    const sizes = [values.imageCount, body.constant([-1, hiddenSize])];
    const perImage = body.op('Concat', sizes, { attributes: { axis: 0 } });
    const split = (x: string) => body.op('Reshape', [x, perImage]);
    const inputs = [split(rotate(body, q)), split(rotate(body, k)), split(v), ...masks];
    const attended = body.op('MultiHeadAttention', inputs, { domain: microsoft, attributes });
    return body.op('Reshape', [attended, body.constant([-1, hiddenSize])]);
  };
  const attendBatched: PatchAttention = (body, ...projected) => attendTogether(body, projected, []);
  const attendPadded: PatchAttention = (body, ...projected) => attendTogether(body, projected, ['', patchCounts]);
  const attendPacked: PatchAttention = (body, q, k, v) => {
    const flat = (x: string) => body.op('Squeeze', [x, body.constant([0])]);
    const inputs = [flat(rotate(body, q)), flat(rotate(body, k)), v, '', tokenOffset, patchStarts];
    return body.op('PackedMultiHeadAttention', inputs, { domain: microsoft, attributes });
  };

  const patches = embedPatches(graph, parts, values);
  const branch = (name: string, attend: PatchAttention) => {
    const body = graph.subgraph(name);
    body.output(encodeLayers(body, parts, patches, attend), weights.floatType, ['N', hiddenSize]);
    return body;
  };
  const ofOneSize = graph.subgraph('of-one-size');
  const attended = ofOneSize.op('If', [isPadded], {
    attributes: { then_branch: branch('padded', attendPadded), else_branch: branch('batched', attendBatched) },
  });
  ofOneSize.output(attended, weights.floatType, ['N', hiddenSize]);
  const encoded = graph.op('If', [isBatched], {
    attributes: { then_branch: ofOneSize, else_branch: branch('packed', attendPacked) },
  });
  const embeds = projectPatches(graph, encoded, parts, values);
  graph.output(embeds, weights.floatType, ['M', textHiddenSize], 'image_embeds');
  return graph;
}

/**
 * The bias of the output projection with that of the values carried through it: attention weights sum to one, so
 * Wo · (attended + bv) + bo = Wo · attended + (Wo · bv + bo), and the values need no bias of their own.
 */
function carriedBias(graph: GraphBuilder, weights: ReaderWeights, attention: string, hiddenSize: number): string {
  const name = `${attention}carried_bias`;
  for (const bias of ['v_proj.bias', 'out_proj.bias']) weights.reader.expect(`${attention}${bias}`, [hiddenSize]);
  const source = weights.remember(name, () =>
    bytesSource(weights.floatType, () => {
      const { reader } = weights;
      const valueBias = reader.floats(`${attention}v_proj.bias`);
      const matrix = reader.floats(`${attention}out_proj.weight`);
      const sums = reader.floats(`${attention}out_proj.bias`).map((bias, row) => {
        let sum = bias;
        for (let column = 0; column < hiddenSize; column++) {
          sum += matrix[row * hiddenSize + column] * valueBias[column];
        }
        return sum;
      });
      if (weights.floatType !== 'float16') return sums;
      const halves = new Uint16Array(sums.length);
      const place = floatToHalf(sums, halves);
      if (place >= 0) {
        const what = `value ${place} of ${attention}out_proj.bias, with the bias of the values carried into it,`;
        throw new ModelError('WEIGHTS_INVALID', `${what} is beyond the range of fp16 (65504)`);
      }
      return halves;
    }),
  );
  return graph.weight(name, [hiddenSize], source);
}

/** The layers with their final norm. Queries and keys are in paired order. Biases go into the operator that follows, which reads the values anyway. */
function encodeLayers(
  graph: GraphBuilder,
  { config, weights, linear }: Omit<VisionParts, 'isSeparate'>,
  patches: string,
  attend: PatchAttention,
): string {
  const { hiddenSize, intermediateSize, headCount } = config;
  const headDim = hiddenSize / headCount;
  const name = (short: string) => weights.name('vision', short);
  const vector = (full: string) => graph.weight(full, [hiddenSize], weights.rows([full], [[hiddenSize]]));
  const norm = (layer: string) => [vector(`${layer}.weight`), vector(`${layer}.bias`)];
  const layerOf = (layer: string, outputSize: number, inputSize: number) => ({
    names: [`${layer}.weight`],
    outputSizes: [outputSize],
    inputSize,
    biasNames: [`${layer}.bias`],
  });
  const withoutBias = (x: string, layer: string, outputSize: number, inputSize: number) => {
    const { biasNames: _, ...matrix } = layerOf(layer, outputSize, inputSize);
    return linear(graph, x, matrix);
  };
  /** The product and, apart from it, the bias that is still to be added. */
  const open = (x: string, layer: string, outputSize: number, inputSize: number) => [
    withoutBias(x, layer, outputSize, inputSize),
    ...linearBias(graph, weights, layerOf(layer, outputSize, inputSize)),
  ];

  let sum = patches;
  let normed = graph.op('LayerNormalization', [sum, ...norm(name('encoder.layers.0.layer_norm1'))], {
    attributes: { axis: -1, epsilon: float(config.layerNormEps) },
  });
  const addAndNorm = ([x, bias]: string[], layer: string) => {
    [normed, , , sum] = graph.op('SkipLayerNormalization', [x, sum, ...norm(layer), bias], {
      domain: microsoft,
      outputs: [true, false, false, true],
      attributes: { epsilon: float(config.layerNormEps) },
    });
  };
  for (let index = 0; index < config.layerCount; index++) {
    const layer = name(`encoder.layers.${index}.`);
    const attention = `${layer}self_attn.`;
    const paired = (full: string, shape: [number, number?]) =>
      graph.weight(
        `${full} (paired)`,
        shape as number[],
        reordered(weights, full, shape, 'paired', { rows: pairedOrder(headDim) }),
      );
    const project = (short: string) => {
      const matrix = paired(`${attention}${short}.weight`, [hiddenSize, hiddenSize]);
      const bias = paired(`${attention}${short}.bias`, [hiddenSize]);
      return graph.op('Gemm', [normed, matrix, bias], { attributes: { transB: 1 } });
    };
    const values = withoutBias(normed, `${attention}v_proj`, hiddenSize, hiddenSize);
    const attended = attend(graph, project('q_proj'), project('k_proj'), values);
    const mixed = withoutBias(attended, `${attention}out_proj`, hiddenSize, hiddenSize);
    addAndNorm([mixed, carriedBias(graph, weights, attention, hiddenSize)], `${layer}layer_norm2`);
    const wide = open(normed, `${layer}mlp.fc1`, intermediateSize, hiddenSize);
    const active = graph.op('FastGelu', wide, { domain: microsoft });
    const isLast = index + 1 === config.layerCount;
    const next = isLast ? name('post_layernorm') : name(`encoder.layers.${index + 1}.layer_norm1`);
    addAndNorm(open(active, `${layer}mlp.fc2`, hiddenSize, intermediateSize), next);
  }
  return normed;
}
