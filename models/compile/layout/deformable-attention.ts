import type { DetectorGraph } from './detector-graph.js';
import { featureSizes } from './hybrid-encoder.js';
import { chainPointwise, linearKernel } from './kernel.js';
import { decoderProjection } from './query-selection.js';

/**
 * Multi-scale deformable attention: each query looks at a few points of each feature map, placed about its box.
 * `queries` `[pages, queries, width]`, `boxes` `[pages, queries, 4]`, `features` the encoder's maps. A point lies at
 * `centre + offset / pointCount * size / 2`; values are bilinear, zero outside. The projection of the maps to the
 * decoder's width and the value projection are one convolution.
 */
export function buildDeformableAttention(
  graph: DetectorGraph,
  queries: string,
  boxes: string,
  features: readonly string[],
  name: string,
): string {
  const { builder, config, weights } = graph;
  const { d_model: width, decoder_attention_heads: headCount, decoder_n_points: pointCount } = config;
  const sizes = featureSizes(graph);
  const levelCount = sizes.length;
  const headSize = width / headCount;

  const grids = samplingGrids(graph, queries, boxes, name);
  const samples = features.map((feature, level) => {
    const projection = linearKernel(weights, `${name}.value_proj`, width, width);
    const value = graph.conv(feature, chainPointwise(decoderProjection(graph, level), projection));
    const { height, width: columns } = sizes[level];
    const heads = builder.op('Reshape', [value, builder.constant([-1, headSize, height, columns])]);
    return builder.op('GridSample', [heads, grids[level]], {
      attributes: { mode: 'bilinear', padding_mode: 'zeros', align_corners: 0 },
    });
  });

  const sampleCount = levelCount * pointCount;
  const scores = graph.linear(queries, `${name}.attention_weights`, width, headCount * sampleCount);
  const byHead = builder.op('Reshape', [scores, builder.constant([0, 0, headCount, sampleCount])]);
  const shares = builder.op('Transpose', [builder.op('Softmax', [byHead], { attributes: { axis: -1 } })], {
    attributes: { perm: [0, 2, 1, 3] },
  });
  const aligned = builder.op('Reshape', [shares, builder.constant([-1, 1, config.num_queries, sampleCount])]);
  const weighted = builder.op('Mul', [builder.op('Concat', samples, { attributes: { axis: -1 } }), aligned]);
  const summed = builder.op('ReduceSum', [weighted, builder.constant([-1])], { attributes: { keepdims: 0 } });
  const columns = builder.op('Reshape', [summed, builder.constant([-1, width, config.num_queries])]);
  const rows = builder.op('Transpose', [columns], { attributes: { perm: [0, 2, 1] } });
  return graph.linear(rows, `${name}.output_proj`, width, width);
}

/** One grid a level, `[pages * heads, queries, points, 2]`, in GridSample's coordinates (-1 to 1 across the map). */
function samplingGrids(graph: DetectorGraph, queries: string, boxes: string, name: string): string[] {
  const { builder, config } = graph;
  const { d_model: width, decoder_attention_heads: headCount, decoder_n_points: pointCount } = config;
  const levelCount = config.feat_strides.length;
  // The checkpoint orders offsets by head, level, point, axis; with levels first they split without copying twice.
  const order: number[] = [];
  for (let level = 0; level < levelCount; level++) {
    for (let head = 0; head < headCount; head++) {
      const start = (head * levelCount + level) * pointCount * 2;
      for (let index = 0; index < pointCount * 2; index++) order.push(start + index);
    }
  }
  const offsets = builder.op('Reshape', [
    graph.linear(queries, `${name}.sampling_offsets`, width, order.length, order),
    builder.constant([0, 0, levelCount * headCount, pointCount, 2]),
  ]);
  const box = builder.op('Unsqueeze', [boxes, builder.constant([2, 3])]);
  const [centre, size] = builder.op('Split', [box, builder.constant([2, 2])], {
    outputs: 2,
    attributes: { axis: -1 },
  });
  const one = builder.constant(1, 'float32');
  const two = builder.constant(2, 'float32');
  const start = builder.op('Sub', [builder.op('Mul', [centre, two]), one]);
  const reach = builder.op('Mul', [size, builder.constant(1 / pointCount, 'float32')]);
  const points = builder.op('Add', [builder.op('Mul', [offsets, reach]), start]);
  const byHead = builder.op('Transpose', [points], { attributes: { perm: [0, 2, 1, 3, 4] } });
  const levels = builder.op('Split', [byHead, builder.constant(new Array<number>(levelCount).fill(headCount))], {
    outputs: levelCount,
    attributes: { axis: 1 },
  });
  const shape = builder.constant([-1, config.num_queries, pointCount, 2]);
  return levels.map((level) => builder.op('Reshape', [level, shape]));
}
