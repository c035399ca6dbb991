import {
  type Attend,
  buildDecoderLayers,
  chooseTokens,
  type DecoderParts,
  embeddingTable,
  textRotation,
} from '../decoder-layers.js';
import { GraphBuilder, microsoft } from '../graph-builder.js';
import { toHalfBits } from '../half-float.js';
import { bytesSource } from '../weight-sources.js';

/** Names of the pool's tensors, layer by layer. */
export const keyCacheName = (layer: number): string => `key_cache.${layer}`;
export const valueCacheName = (layer: number): string => `value_cache.${layer}`;

/**
 * The decoder for CUDA over a paged KV pool, in float16: the tokens of all sequences of a run lie one after another,
 * whole prompts and single tokens mixed. Attention writes keys and values into the pool in place.
 *
 * Positions are shifted so that generated token k of a sequence sits at its place in the cache: rotary attention only
 * depends on differences. So a step of single tokens (`is_step`) rotates inside the attention operator; prompts, whose
 * pictures have positions on three axes, are rotated before it. Both paths share weights and pool.
 *
 * Inputs: `is_step` bool []; `input_ids` int64 [n]; `sequence_starts` int32 [B + 1], first token of each sequence and the
 * end; `past_lengths` int32 [B], tokens in the pool; `block_table` int32 [B, K]; `attention_bounds` int32 [3], on the CPU:
 * most new tokens of a sequence, most tokens in all, rounded up to blocks, and fewest tokens in all. For prompts also
 * `image_embeds` float16 [M, hiddenSize]; `image_index` int64 [n], row of `image_embeds` that stands at a place where
 * `is_image` bool [n]; `position_ids` int64 [3, n]; `token_row` int64 [1, n], 0 to n - 1; `last_index` int64 [B], row
 * of the last token of each sequence. In a step each has one entry at least that is not used. And the pool:
 * `key_cache.{i}` and `value_cache.{i}` float16 [blocks, blockSize, kvHeads, headDim].
 * Outputs: `token` int64 [B] and `logprob` float32 [B].
 */
export function buildPagedDecoderGraph(parts: DecoderParts, blockSize: number): GraphBuilder {
  const { config, weights } = parts;
  const { hiddenSize, headCount, kvHeadCount, headDim, layerCount, maxPositions } = config;
  const graph = new GraphBuilder('decoder');
  const isStep = graph.input('is_step', 'bool', []);
  const ids = graph.input('input_ids', 'int64', ['n']);
  const starts = graph.input('sequence_starts', 'int32', ['B1']);
  const pastLengths = graph.input('past_lengths', 'int32', ['B']);
  const blockTable = graph.input('block_table', 'int32', ['B', 'K']);
  const bounds = graph.input('attention_bounds', 'int32', [3]);
  const imageEmbeds = graph.input('image_embeds', weights.floatType, ['M', hiddenSize]);
  const imageIndex = graph.input('image_index', 'int64', ['P']);
  const isImage = graph.input('is_image', 'bool', ['P']);
  const positions = graph.input('position_ids', 'int64', [3, 'P']);
  const tokenRow = graph.input('token_row', 'int64', [1, 'P']);
  const lastIndex = graph.input('last_index', 'int64', ['B']);
  const cacheShape = ['blocks', blockSize, kvHeadCount, headDim];
  for (let layer = 0; layer < layerCount; layer++) {
    graph.input(keyCacheName(layer), weights.floatType, cacheShape);
    graph.input(valueCacheName(layer), weights.floatType, cacheShape);
  }

  const attendPaged = (
    body: GraphBuilder,
    layer: number,
    rows: string[],
    rotary: [cos: string, sin: string] | null,
  ) => {
    const pool = [keyCacheName(layer), valueCacheName(layer)];
    const where = [starts, pastLengths, blockTable, ...(rotary ?? ['', ''])];
    return body.op('PagedAttention', [...rows, ...pool, ...where, '', '', '', '', '', '', bounds], {
      domain: microsoft,
      attributes: {
        num_heads: headCount,
        kv_num_heads: kvHeadCount,
        ...(rotary ? { do_rotary: 1, rotary_interleaved: 0 } : {}),
      },
    });
  };
  const embed = (body: GraphBuilder) => body.op('Gather', [embeddingTable(body, parts), ids]);
  const choose = (body: GraphBuilder, rows: string) => {
    const [token, logprob] = chooseTokens(body, parts, rows);
    body.output(token, 'int64', ['B']);
    body.output(logprob, 'float32', ['B']);
    return body;
  };

  const buildStep = (body: GraphBuilder) => {
    const table = (name: string, value: (angle: number) => number) =>
      body.weight(
        name,
        [maxPositions, headDim / 2],
        weights.remember(name, () => rotaryTable(config, value)),
      );
    const rotary: [string, string] = [table('rotary.cos', Math.cos), table('rotary.sin', Math.sin)];
    const attend: Attend = (fused, layer) => attendPaged(body, layer, [fused, '', ''], rotary);
    return choose(body, buildDecoderLayers(body, parts, embed(body), attend));
  };

  const buildMixed = (body: GraphBuilder) => {
    const rows = body.op('Where', [
      body.op('Unsqueeze', [isImage, body.constant([1])]),
      body.op('Gather', [imageEmbeds, imageIndex]),
      embed(body),
    ]);
    const [cos, sin] = textRotation(body, config, positions).map((table) => weights.asFloatType(body, table));
    const attend: Attend = (fused, layer) => {
      // Queries and keys turn by the same angles, so they are rotated together.
      const widths = body.constant([(headCount + kvHeadCount) * headDim, kvHeadCount * headDim]);
      const [turning, v] = body.op('Split', [fused, widths], { outputs: 2, attributes: { axis: -1 } });
      const turned = body.op(
        'RotaryEmbedding',
        [body.op('Unsqueeze', [turning, body.constant([0])]), tokenRow, cos, sin],
        { domain: microsoft, attributes: { num_heads: headCount + kvHeadCount, interleaved: 0 } },
      );
      const counts = body.constant([headCount * headDim, kvHeadCount * headDim]);
      const flat = body.op('Squeeze', [turned, body.constant([0])]);
      const [q, k] = body.op('Split', [flat, counts], { outputs: 2, attributes: { axis: -1 } });
      return attendPaged(body, layer, [q, k, v], null);
    };
    const keepLast = (all: string) => body.op('Gather', [all, lastIndex]);
    return choose(body, buildDecoderLayers(body, parts, rows, attend, keepLast));
  };

  const [token, logprob] = graph.op('If', [isStep], {
    outputs: 2,
    attributes: { then_branch: buildStep(graph.subgraph('step')), else_branch: buildMixed(graph.subgraph('mixed')) },
  });
  graph.output(token, 'int64', ['B'], 'token');
  graph.output(logprob, 'float32', ['B'], 'logprob');
  return graph;
}

/** float16 [maxPositions, headDim / 2] of a function of the angle position · theta^(-2i / headDim). */
function rotaryTable(
  { maxPositions, headDim, ropeTheta }: DecoderParts['config'],
  value: (angle: number) => number,
): ReturnType<typeof bytesSource> {
  const half = headDim / 2;
  const frequencies = Array.from({ length: half }, (_, i) => ropeTheta ** ((-2 * i) / headDim));
  const rowsAtOnce = 4096;
  return bytesSource('float16', function* () {
    for (let first = 0; first < maxPositions; first += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, maxPositions - first);
      yield Uint16Array.from({ length: count * half }, (_, place) =>
        toHalfBits(value((first + Math.floor(place / half)) * frequencies[place % half])),
      );
    }
  });
}
