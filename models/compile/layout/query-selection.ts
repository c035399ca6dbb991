import type { DetectorGraph } from './detector-graph.js';
import { type FeatureSize, featureSizes } from './hybrid-encoder.js';
import { chainPointwise, type Kernel, linearKernel, normalizedKernel } from './kernel.js';

/** What the decoder starts from; `[pages, queries, ...]`. */
export interface SelectedQueries {
  /** `[.., width]` the selected rows. */
  readonly rows: string;
  /** `[.., classes]` their class logits. */
  readonly logits: string;
  /** `[.., 4]` logits of their boxes (centre x, centre y, width, height). */
  readonly boxLogits: string;
}

/** Side of the anchors of the largest map as a share of the page; it doubles with each level. */
const anchorSide = 0.05;

/** The 1x1 convolution from the encoder's width to the decoder's, of one level. */
export function decoderProjection({ weights, config }: DetectorGraph, level: number): Kernel {
  const name = `decoder_input_proj.${level}`;
  const shape = [config.d_model, config.decoder_in_channels[level], 1, 1] as const;
  return normalizedKernel(weights, { conv: `${name}.0`, norm: `${name}.1` }, shape, config.batch_norm_eps);
}

/**
 * Scores every position of the feature maps and keeps the best as queries, by descending score.
 * Rows whose anchor lies at the page's edge enter as zeros, as in the reference. The projection to the decoder's width
 * and `enc_output`'s linear layer are one product; boxes are computed for the selected rows only.
 */
export function buildQuerySelection(graph: DetectorGraph, features: readonly string[]): SelectedQueries {
  const { builder, config, weights } = graph;
  const { d_model: width, num_queries: queryCount } = config;
  const sizes = featureSizes(graph);
  const rowCount = sizes.reduce((sum, size) => sum + size.height * size.width, 0);
  const output = linearKernel(weights, 'enc_output.0', width, width);
  const kernels = features.map((_, level) => chainPointwise(decoderProjection(graph, level), output));
  const projected = features.map((feature, level) =>
    builder.op('MatMul', [graph.rowsOf(feature, config.decoder_in_channels[level]), graph.matrix(kernels[level])]),
  );
  const anchors = graph.tensor('anchors', [rowCount, 4], () => createAnchors(sizes).logits);
  const isValid = graph.tensor('anchors.valid', [1, rowCount, 1], () => createAnchors(sizes).isValid);
  const shift = graph.tensor('enc_output.0.shifts', [1, rowCount, width], () => {
    const plain = output.bias();
    const shifts = kernels.map((kernel) => kernel.bias());
    const levels = sizes.flatMap((size, level) => new Array<number>(size.height * size.width).fill(level));
    const rows = new Float32Array(rowCount * width);
    createAnchors(sizes).isValid.forEach((valid, row) => {
      rows.set(valid ? shifts[levels[row]] : plain, row * width);
    });
    return rows;
  });
  const joined = builder.op('Concat', projected, { attributes: { axis: 1 } });
  const shifted = builder.op('Add', [builder.op('Mul', [joined, isValid]), shift]);
  const memory = graph.layerNorm(shifted, 'enc_output.1', width);

  const logits = graph.linear(memory, 'enc_score_head', width, graph.classCount);
  const best = builder.op('ReduceMax', [logits, builder.constant([-1])], { attributes: { keepdims: 0 } });
  const [, indices] = builder.op('TopK', [best, builder.constant([queryCount])], {
    outputs: [true, true],
    attributes: { axis: -1, largest: 1, sorted: 1 },
  });
  const places = builder.op('Unsqueeze', [indices, builder.constant([-1])]);
  const pick = (value: string) => builder.op('GatherND', [value, places], { attributes: { batch_dims: 1 } });
  const rows = pick(memory);
  const offsets = graph.perceptron(rows, 'enc_bbox_head', [width, width, width, 4]);
  return {
    rows,
    logits: pick(logits),
    boxLogits: builder.op('Add', [offsets, builder.op('Gather', [anchors, indices])]),
  };
}

/**
 * One anchor a position, `[rows, 4]` as logits, and which are valid. In float32 like the reference, because positions
 * fall exactly on the limits (0.5 / 50 = 0.01).
 */
function createAnchors(sizes: readonly FeatureSize[]): { logits: Float32Array; isValid: Float32Array } {
  const low = Math.fround(0.01);
  const high = Math.fround(0.99);
  const logits: number[] = [];
  const isValid: number[] = [];
  sizes.forEach(({ height, width }, level) => {
    const side = Math.fround(Math.fround(anchorSide) * 2 ** level);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const anchor = [Math.fround((x + 0.5) / width), Math.fround((y + 0.5) / height), side, side];
        const valid = anchor.every((value) => value > low && value < high);
        isValid.push(valid ? 1 : 0);
        for (const value of anchor) logits.push(valid ? Math.log(value / (1 - value)) : largestFloat);
      }
    }
  });
  return { logits: Float32Array.from(logits), isValid: Float32Array.from(isValid) };
}

/** Largest finite float32. */
const largestFloat = 3.4028234663852886e38;
