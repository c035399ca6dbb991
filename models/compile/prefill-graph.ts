import {
  buildDecoderLayers,
  chooseTokens,
  type DecoderParts,
  embeddingTable,
  splitHeads,
  textRotation,
} from './decoder-layers.js';
import { GraphBuilder, inlineTensor, microsoft } from './graph-builder.js';

/**
 * The decoder over whole prompts of one batch.
 *
 * Inputs: `input_ids` int64 [B, S], padded on the right; `image_embeds` float32 [M, hiddenSize]; `image_index` int64
 * [B, S], the row of `image_embeds` that stands at a place, where `is_image` bool [B, S] is true; `position_ids` int64
 * [3, B, S]; `lengths` int64 [B].
 * Outputs: `token` int64 [B] and `logprob` float32 [B] at the last place of each prompt; `present.{i}.key` and
 * `present.{i}.value` float32 [B, kvHeads, S, headDim], rows from `lengths` on being padding.
 */
export function buildPrefillGraph(parts: DecoderParts): GraphBuilder {
  const { config } = parts;
  const { hiddenSize, headCount, kvHeadCount, headDim } = config;
  const graph = new GraphBuilder('prefill');
  const ids = graph.input('input_ids', 'int64', ['B', 'S']);
  const imageEmbeds = graph.input('image_embeds', 'float32', ['M', hiddenSize]);
  const imageIndex = graph.input('image_index', 'int64', ['B', 'S']);
  const isImage = graph.input('is_image', 'bool', ['B', 'S']);
  const positions = graph.input('position_ids', 'int64', [3, 'B', 'S']);
  const lengths = graph.input('lengths', 'int64', ['B']);

  const embeds = graph.op('Where', [
    graph.op('Unsqueeze', [isImage, graph.constant([2])]),
    graph.op('Gather', [imageEmbeds, imageIndex]),
    graph.op('Gather', [embeddingTable(graph, parts), ids]),
  ]);
  const rows = graph.op('Reshape', [embeds, graph.constant([-1, hiddenSize])]);

  const [cos, sin] = textRotation(graph, config, graph.op('Reshape', [positions, graph.constant([3, -1])]));
  const shape = graph.op('Shape', [ids]);
  const count = graph.op('ReduceProd', [shape], { attributes: { keepdims: 0 } });
  const rowIndex = graph.op('Range', [graph.constant(0), count, graph.constant(1)]);
  const rotaryIndex = graph.op('Reshape', [rowIndex, shape]);
  const rotate = (x: string, heads: number) =>
    graph.op('RotaryEmbedding', [x, rotaryIndex, cos, sin], {
      domain: microsoft,
      attributes: { num_heads: heads, interleaved: 0 },
    });

  const batch = graph.op('Shape', [ids], { attributes: { start: 0, end: 1 } });
  const emptyShape = graph.op('Concat', [batch, graph.constant([kvHeadCount, 0, headDim])], {
    attributes: { axis: 0 },
  });
  const empty = graph.op('ConstantOfShape', [emptyShape], { attributes: { value: inlineTensor([0], 'float32') } });
  const lastIndex = graph.op('Sub', [lengths, graph.constant(1)]);
  const lastIndex32 = graph.op('Cast', [lastIndex], { attributes: { to: 6 } });
  const width = graph.op('Squeeze', [graph.op('Shape', [ids], { attributes: { start: 1, end: 2 } })]);
  const width32 = graph.op('Cast', [width], { attributes: { to: 6 } });
  const perPrompt = graph.op('Concat', [shape, graph.constant([-1])], { attributes: { axis: 0 } });

  const attend = (fused: string, index: number) => {
    const [q, k, v] = splitHeads(graph, config, graph.op('Reshape', [fused, perPrompt]));
    const [attended, key, value] = graph.op(
      'GroupQueryAttention',
      [rotate(q, headCount), rotate(k, kvHeadCount), v, empty, empty, lastIndex32, width32],
      { domain: microsoft, outputs: 3, attributes: { num_heads: headCount, kv_num_heads: kvHeadCount } },
    );
    const dims = ['B', kvHeadCount, 'S', headDim];
    graph.output(key, 'float32', dims, `present.${index}.key`);
    graph.output(value, 'float32', dims, `present.${index}.value`);
    return graph.op('Reshape', [attended, graph.constant([-1, headCount * headDim])]);
  };

  // Row of the last place of each prompt among all rows.
  const batchCount = graph.op('Squeeze', [batch]);
  const firstRows = graph.op('Mul', [graph.op('Range', [graph.constant(0), batchCount, graph.constant(1)]), width]);
  const lastRows = graph.op('Add', [firstRows, lastIndex]);
  const normed = buildDecoderLayers(graph, parts, rows, attend, (all) => graph.op('Gather', [all, lastRows]));
  const [token, logprob] = chooseTokens(graph, parts, normed);
  graph.output(token, 'int64', ['B'], 'token');
  graph.output(logprob, 'float32', ['B'], 'logprob');
  return graph;
}
