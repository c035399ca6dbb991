import type { DetectorGraph } from './detector-graph.js';

/** Class logits `[pages, queries, classes]` of normalised rows. */
export function buildClassHead(graph: DetectorGraph, rows: string): string {
  const head = graph.config.tie_word_embeddings ? 'enc_score_head' : 'decoder.class_embed';
  return graph.linear(rows, head, graph.config.d_model, graph.classCount);
}

/**
 * Global pointer over normalised rows: `[pages, queries, queries]`, the logit that the row's query is read before the
 * column's. Only the part above the diagonal means anything; the reference fills the rest with -1e4.
 */
export function buildOrderHead(graph: DetectorGraph, rows: string, layer: number): string {
  const { builder, config } = graph;
  const { d_model: width, global_pointer_head_size: size } = config;
  const ordered = graph.linear(rows, `decoder_order_head.${layer}`, width, width);
  const both = graph.linear(ordered, 'decoder_global_pointer.dense', width, 2 * size);
  const [queries, keys] = builder.op('Split', [both, builder.constant([size, size])], {
    outputs: 2,
    attributes: { axis: -1 },
  });
  const scaled = builder.op('Mul', [queries, builder.constant(1 / Math.sqrt(size), 'float32')]);
  return builder.op('MatMul', [scaled, builder.op('Transpose', [keys], { attributes: { perm: [0, 2, 1] } })]);
}

/** Mask embeddings `[pages, queries, prototypes]` of normalised rows. */
export function buildMaskQueries(graph: DetectorGraph, rows: string): string {
  const { d_model: width, num_prototypes: count } = graph.config;
  return graph.perceptron(rows, 'mask_query_head', [width, width, width, count]);
}

/**
 * Boxes `[pages, queries, 4]` (centre x, centre y, width, height as shares of the page) about the positive logits of
 * each query's mask; a mask without any gives zeros.
 */
export function buildMaskBoxes(graph: DetectorGraph, maskQueries: string, maskFeatures: string): string {
  const { builder, config } = graph;
  const [height, width] = [config.input.size.height / 4, config.input.size.width / 4];
  const flat = builder.op('Reshape', [maskFeatures, builder.constant([0, config.num_prototypes, height * width])]);
  const logits = builder.op('Reshape', [
    builder.op('MatMul', [maskQueries, flat]),
    builder.constant([0, 0, height, width]),
  ]);
  const xs = extent(
    graph,
    builder.op('ReduceMax', [logits, builder.constant([2])], { attributes: { keepdims: 0 } }),
    width,
  );
  const ys = extent(
    graph,
    builder.op('ReduceMax', [logits, builder.constant([3])], { attributes: { keepdims: 0 } }),
    height,
  );
  const half = builder.constant(0.5, 'float32');
  const centre = (edges: readonly [string, string]) => builder.op('Mul', [builder.op('Add', [...edges]), half]);
  const size = ([first, end]: readonly [string, string]) => builder.op('Sub', [end, first]);
  return builder.op('Concat', [centre(xs), centre(ys), size(xs), size(ys)], { attributes: { axis: -1 } });
}

/** First index with a positive value and the index after the last one, as shares of `count`; zeros without any. */
function extent(graph: DetectorGraph, values: string, count: number): readonly [string, string] {
  const { builder } = graph;
  const places = Array.from({ length: count }, (_, index) => index);
  const zero = builder.constant(0, 'float32');
  const isOn = builder.op('Greater', [values, zero]);
  const last = builder.constant([-1]);
  const end = builder.op('ReduceMax', [
    builder.op('Where', [
      isOn,
      builder.constant(
        places.map((index) => index + 1),
        'float32',
      ),
      zero,
    ]),
    last,
  ]);
  const first = builder.op('ReduceMin', [
    builder.op('Where', [isOn, builder.constant(places, 'float32'), builder.constant(count, 'float32')]),
    last,
  ]);
  // Without a positive value `first` is `count` and `end` 0.
  const start = builder.op('Min', [first, end]);
  const share = (value: string) => builder.op('Div', [value, builder.constant(count, 'float32')]);
  return [share(start), share(end)];
}
