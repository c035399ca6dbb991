import { buildDeformableAttention } from './deformable-attention.js';
import type { DetectorGraph } from './detector-graph.js';
import type { SelectedQueries } from './query-selection.js';

/** Outputs of the decoder, `[pages, queries, ...]`. */
export interface DecodedQueries {
  /** Boxes after each layer, `[.., 4]`. */
  readonly boxes: readonly string[];
  /** Rows after each layer, `[.., width]`, not normalised. */
  readonly rows: readonly string[];
}

/** Keeps inverse sigmoids finite. */
const smallestShare = 1e-5;

/** `log(x / (1 - x))` with both parts at least 1e-5. */
export function inverseSigmoid({ builder }: DetectorGraph, shares: string): string {
  const least = builder.constant(smallestShare, 'float32');
  const rest = builder.op('Sub', [builder.constant(1, 'float32'), shares]);
  const odds = builder.op('Div', [builder.op('Max', [shares, least]), builder.op('Max', [rest, least])]);
  return builder.op('Log', [odds]);
}

/**
 * Refines queries and their boxes layer by layer; `startBoxes` `[pages, queries, 4]` are shares of the page.
 * The heads are `enc_bbox_head` and `enc_score_head` where the checkpoint ties them.
 */
export function buildDecoder(
  graph: DetectorGraph,
  selected: Pick<SelectedQueries, 'rows'>,
  startBoxes: string,
  features: readonly string[],
): DecodedQueries {
  const { builder, config } = graph;
  const { d_model: width } = config;
  const boxHead = config.tie_word_embeddings ? 'enc_bbox_head' : 'decoder.bbox_embed';
  const boxes: string[] = [];
  const rows: string[] = [];
  let box = startBoxes;
  let value = selected.rows;
  for (let layer = 0; layer < config.decoder_layers; layer++) {
    const position = graph.perceptron(box, 'decoder.query_pos_head', [4, 2 * width, width]);
    value = decoderLayer(graph, value, position, box, features, `decoder.layers.${layer}`);
    const change = graph.perceptron(value, boxHead, [width, width, width, 4]);
    box = builder.op('Sigmoid', [builder.op('Add', [change, inverseSigmoid(graph, box)])]);
    boxes.push(box);
    rows.push(value);
  }
  return { boxes, rows };
}

function decoderLayer(
  graph: DetectorGraph,
  input: string,
  position: string,
  boxes: string,
  features: readonly string[],
  name: string,
): string {
  const { builder, config } = graph;
  const { d_model: width } = config;
  const addAndNormalize = (value: string, change: string, norm: string) =>
    graph.layerNorm(builder.op('Add', [value, change]), `${name}.${norm}`, width);

  const attended = graph.selfAttention(input, position, `${name}.self_attn`, width, config.decoder_attention_heads);
  let value = addAndNormalize(input, attended, 'self_attn_layer_norm');
  const placed = builder.op('Add', [value, position]);
  const seen = buildDeformableAttention(graph, placed, boxes, features, `${name}.encoder_attn`);
  value = addAndNormalize(value, seen, 'encoder_attn_layer_norm');
  const fed = graph.feedForward(
    value,
    `${name}.mlp`,
    width,
    config.decoder_ffn_dim,
    config.decoder_activation_function,
  );
  return addAndNormalize(value, fed, 'final_layer_norm');
}
