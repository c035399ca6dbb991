import type { DetectorConfig } from '../../layout/detector-config.js';
import { layoutLabels } from '../../layout/region.js';
import { GraphBuilder } from '../graph-builder.js';
import { onnxTypeIds } from '../onnx-schema.js';
import type { SafetensorsReader } from '../safetensors-reader.js';
import { buildBackbone } from './backbone.js';
import { buildDecoder, inverseSigmoid } from './decoder.js';
import { DetectorGraph } from './detector-graph.js';
import { DetectorWeights } from './detector-weights.js';
import { buildClassHead, buildMaskBoxes, buildMaskQueries, buildOrderHead } from './heads.js';
import { buildHybridEncoder } from './hybrid-encoder.js';
import { buildMaskFeatures } from './mask-features.js';
import { buildQuerySelection } from './query-selection.js';

export interface LayoutDetectorOptions {
  /** Adds the outputs of masks to a detector that needs none itself. */
  readonly masks?: boolean;
  /** Adds values from inside the graph, to be held against the reference: see `traceNames`. */
  readonly traces?: boolean;
}

/** Outputs that `traces` adds; the last two stack the decoder's layers on axis 1. */
export const traceNames = [
  'enc_topk_logits',
  'init_reference_points',
  'intermediate_logits',
  'intermediate_boxes',
] as const;

/**
 * PP-DocLayoutV3 for the CPU in float32. Input `pixel_values`: `[pages, 3, height, width]` bytes as `detectorInput`
 * gives them, normalised inside. Outputs: `logits` `[pages, queries, 25]`, `pred_boxes` `[pages, queries, 4]` (centre x,
 * centre y, width, height as shares of the page) and `order_logits` `[pages, queries, queries]`, of which only the part
 * above the diagonal means anything. Detectors that take their first boxes from masks (`mask_enhanced`) also give
 * `mask_queries` `[pages, queries, prototypes]` and `mask_features` `[pages, prototypes, height / 4, width / 4]`, whose
 * product is a query's mask logits. Throws WEIGHTS_INVALID for a missing tensor or a wrong shape.
 */
export function buildLayoutDetector(
  weights: SafetensorsReader,
  config: DetectorConfig,
  options: LayoutDetectorOptions = {},
): GraphBuilder {
  const builder = new GraphBuilder('layout-detector');
  const graph = new DetectorGraph(builder, new DetectorWeights(weights), config, layoutLabels.length);
  const { num_queries: queryCount, d_model: width, decoder_layers: layerCount } = config;
  const [quarter, ...stages] = buildBackbone(graph, normalizedPixels(graph));
  const features = buildHybridEncoder(graph, stages);
  const selected = buildQuerySelection(graph, features);
  const normalize = (rows: string) => graph.layerNorm(rows, 'decoder_norm', width);

  const hasMasks = config.mask_enhanced || options.masks === true;
  const maskFeatures = hasMasks ? buildMaskFeatures(graph, features, quarter) : '';
  const reference = config.mask_enhanced
    ? inverseSigmoid(graph, buildMaskBoxes(graph, buildMaskQueries(graph, normalize(selected.rows)), maskFeatures))
    : selected.boxLogits;
  const { boxes, rows } = buildDecoder(graph, selected, builder.op('Sigmoid', [reference]), features);

  const last = layerCount - 1;
  const final = normalize(rows[last]);
  const logits = buildClassHead(graph, final);
  builder.output(logits, 'float32', ['pages', queryCount, layoutLabels.length], 'logits');
  builder.output(boxes[last], 'float32', ['pages', queryCount, 4], 'pred_boxes');
  builder.output(buildOrderHead(graph, final, last), 'float32', ['pages', queryCount, queryCount], 'order_logits');
  if (hasMasks) {
    const { num_prototypes: count, input } = config;
    builder.output(buildMaskQueries(graph, final), 'float32', ['pages', queryCount, count], 'mask_queries');
    const dims = ['pages', count, input.size.height / 4, input.size.width / 4];
    builder.output(maskFeatures, 'float32', dims, 'mask_features');
  }
  if (options.traces) {
    const stack = (values: readonly string[]) =>
      builder.op(
        'Concat',
        values.map((value) => builder.op('Unsqueeze', [value, builder.constant([1])])),
        { attributes: { axis: 1 } },
      );
    const layerLogits = rows.map((value, layer) => (layer === last ? logits : buildClassHead(graph, normalize(value))));
    const traced = [selected.logits, reference, stack(layerLogits), stack(boxes)];
    traceNames.forEach((name, index) => {
      builder.output(
        traced[index],
        'float32',
        index < 2 ? ['pages', queryCount, null] : ['pages', layerCount, queryCount, null],
        name,
      );
    });
  }
  return builder;
}

/** Bytes to what the backbone was trained on. */
function normalizedPixels({ builder, config }: DetectorGraph): string {
  const { size, rescale_factor: rescale, image_mean: mean, image_std: std } = config.input;
  const bytes = builder.input('pixel_values', 'uint8', ['pages', 3, size.height, size.width]);
  const floats = builder.op('Cast', [bytes], { attributes: { to: onnxTypeIds.float32 } });
  const perChannel = (values: readonly number[]) => builder.constant(values, 'float32', [1, 3, 1, 1]);
  const scaled = builder.op('Mul', [floats, perChannel(std.map((deviation) => rescale / deviation))]);
  if (mean.every((value) => value === 0)) return scaled;
  return builder.op('Sub', [scaled, perChannel(mean.map((value, channel) => value / std[channel]))]);
}
