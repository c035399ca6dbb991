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
import { headsAtOnce } from './reordered-weights.js';

/** Names of the pool's tensors, layer by layer. */
export const keyCacheName = (layer: number): string => `key_cache.${layer}`;
export const valueCacheName = (layer: number): string => `value_cache.${layer}`;

/**
 * The decoder for CUDA over a paged KV pool, in float16: the tokens of all sequences of a run lie one after another,
 * whole prompts and single tokens mixed. Attention writes keys and values into the pool in place.
 *
 * Positions are shifted so that generated token k of a sequence sits at its place in the cache: rotary attention only
 * depends on differences. Heads of queries and keys are in paired order (`pairedLinears`). So a step of single tokens (`is_step`) rotates inside the attention operator; prompts, whose
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
  const graph = new GraphBuilder('decoder');
  const isStep = graph.input('is_step', 'bool', []);
  const rows = rowInputs(graph, parts, blockSize);
  const prompts = promptInputs(graph, parts, 'P');
  const branch = (name: string, fill: (body: GraphBuilder) => [token: string, logprob: string]) => {
    const body = graph.subgraph(name);
    const [token, logprob] = fill(body);
    body.output(token, 'int64', ['B']);
    body.output(logprob, 'float32', ['B']);
    return body;
  };
  const [token, logprob] = graph.op('If', [isStep], {
    outputs: 2,
    attributes: {
      then_branch: branch('step', (body) => stepTokens(body, parts, rows)),
      else_branch: branch('mixed', (body) => promptTokens(body, parts, rows, prompts)),
    },
  });
  return withOutputs(graph, token, logprob);
}

/** The half of the paged decoder that takes prompts, single tokens among them; its inputs without `is_step`. */
export function buildPagedPromptGraph(parts: DecoderParts, blockSize: number): GraphBuilder {
  const graph = new GraphBuilder('prompt');
  const rows = rowInputs(graph, parts, blockSize);
  return withOutputs(graph, ...promptTokens(graph, parts, rows, promptInputs(graph, parts, 'n')));
}

/** The half of the paged decoder that takes one token of each sequence; its inputs are the first five and the pool. */
export function buildPagedStepGraph(parts: DecoderParts, blockSize: number): GraphBuilder {
  const graph = new GraphBuilder('step');
  return withOutputs(graph, ...stepTokens(graph, parts, rowInputs(graph, parts, blockSize)));
}

/**
 * As the step, for many sequences: the query heads that share keys and values attend as if they were tokens of one
 * head, so that keys and values are read once for all of them and not once for each. The weights must be those of
 * `wideLinears`.
 *
 * Each sequence has R = groupSize + 1 rows in attention: those of its query heads, and the keys, whose answer nobody
 * wants. So `sequence_starts` counts in R, `past_lengths` is the length with the new token less R (no sequence may be
 * shorter), and `slot_mapping` int32 [B · R] is the place of the new token in the pool for the last row of each sequence
 * and -1 for the others; `position_ids` int64 [1, B] is the position of the new token.
 */
export function buildWideStepGraph(parts: DecoderParts, blockSize: number): GraphBuilder {
  const { headCount, kvHeadCount, headDim } = parts.config;
  const rowCount = headCount / kvHeadCount + 1;
  const rowWidth = kvHeadCount * headDim;
  const graph = new GraphBuilder('wide-step');
  const rows = rowInputs(graph, parts, blockSize);
  const slots = graph.input('slot_mapping', 'int32', ['G']);
  const positions = graph.input('position_ids', 'int64', [1, 'B']);
  const tables = rotaryTables(graph, parts);
  const toRows = (x: string) => graph.op('Reshape', [x, graph.constant([-1, rowWidth])]);
  const attend: Attend = (fused, layer) => {
    const [turning, v] = splitLast(graph, fused, [rowCount * rowWidth, rowWidth]);
    const turned = toRows(rotateRows(graph, parts, turning, positions, tables));
    const column = graph.op('Unsqueeze', [v, graph.constant([1])]);
    const values = toRows(graph.op('Expand', [column, graph.constant([1, rowCount, 1])]));
    const attended = graph.op(
      'PagedAttention',
      [
        ...[turned, turned, values, keyCacheName(layer), valueCacheName(layer)],
        ...[rows.starts, rows.pastLengths, rows.blockTable, '', '', slots, '', '', '', '', '', rows.bounds],
      ],
      { domain: microsoft, attributes: { num_heads: kvHeadCount, kv_num_heads: kvHeadCount, is_causal: 0 } },
    );
    return graph.op('Reshape', [attended, graph.constant([-1, rowCount * rowWidth])]);
  };
  const embedded = graph.op('Gather', [embeddingTable(graph, parts), rows.ids]);
  return withOutputs(graph, ...chooseTokens(graph, parts, buildDecoderLayers(graph, parts, embedded, attend)));
}

function withOutputs(graph: GraphBuilder, token: string, logprob: string): GraphBuilder {
  graph.output(token, 'int64', ['B'], 'token');
  graph.output(logprob, 'float32', ['B'], 'logprob');
  return graph;
}

type RotaryTables = readonly [cos: string, sin: string];

/** Inputs of every run: which tokens, whose they are, and where the pool keeps them. */
interface RowInputs {
  readonly ids: string;
  readonly starts: string;
  readonly pastLengths: string;
  readonly blockTable: string;
  readonly bounds: string;
}

function rowInputs(graph: GraphBuilder, { config, weights }: DecoderParts, blockSize: number): RowInputs {
  const inputs = {
    ids: graph.input('input_ids', 'int64', ['n']),
    starts: graph.input('sequence_starts', 'int32', ['B1']),
    pastLengths: graph.input('past_lengths', 'int32', ['B']),
    blockTable: graph.input('block_table', 'int32', ['B', 'K']),
    bounds: graph.input('attention_bounds', 'int32', [3]),
  };
  const cacheShape = ['blocks', blockSize, config.kvHeadCount, config.headDim];
  for (let layer = 0; layer < config.layerCount; layer++) {
    graph.input(keyCacheName(layer), weights.floatType, cacheShape);
    graph.input(valueCacheName(layer), weights.floatType, cacheShape);
  }
  return inputs;
}

/** Inputs that only prompts need. */
interface PromptInputs {
  readonly imageEmbeds: string;
  readonly imageIndex: string;
  readonly isImage: string;
  readonly positions: string;
  readonly tokenRow: string;
  readonly lastIndex: string;
}

function promptInputs(graph: GraphBuilder, { config, weights }: DecoderParts, count: string): PromptInputs {
  return {
    imageEmbeds: graph.input('image_embeds', weights.floatType, ['M', config.hiddenSize]),
    imageIndex: graph.input('image_index', 'int64', [count]),
    isImage: graph.input('is_image', 'bool', [count]),
    positions: graph.input('position_ids', 'int64', [3, count]),
    tokenRow: graph.input('token_row', 'int64', [1, count]),
    lastIndex: graph.input('last_index', 'int64', ['B']),
  };
}

/** Attends over the pool: packed queries, keys and values with rotary tables, or all three rotated before. */
function attendPaged(
  graph: GraphBuilder,
  { config }: DecoderParts,
  rows: RowInputs,
  layer: number,
  projected: readonly string[],
  rotary: RotaryTables | null,
): string {
  const pool = [keyCacheName(layer), valueCacheName(layer)];
  const where = [rows.starts, rows.pastLengths, rows.blockTable, ...(rotary ?? ['', ''])];
  return graph.op('PagedAttention', [...projected, ...pool, ...where, '', '', '', '', '', '', rows.bounds], {
    domain: microsoft,
    attributes: {
      num_heads: config.headCount,
      kv_num_heads: config.kvHeadCount,
      ...(rotary ? { do_rotary: 1, rotary_interleaved: 1 } : {}),
    },
  });
}

/** Cosine and sine of every position, as weights. */
function rotaryTables(graph: GraphBuilder, { config, weights }: DecoderParts): RotaryTables {
  const table = (name: string, value: (angle: number) => number) =>
    graph.weight(
      name,
      [config.maxPositions, config.headDim / 2],
      weights.remember(name, () => rotaryTable(config, value)),
    );
  return [table('rotary.cos', Math.cos), table('rotary.sin', Math.sin)];
}

/**
 * Queries and keys turn by the same angles, so they are rotated together: `x` [n, (heads + kvHeads)·headDim]. With
 * tables that repeat the angles of a head `atOnce` times, so many heads are rotated as one.
 */
function rotateRows(
  graph: GraphBuilder,
  { config }: DecoderParts,
  x: string,
  positions: string,
  [cos, sin]: RotaryTables,
  atOnce = 1,
): string {
  const turned = graph.op('RotaryEmbedding', [graph.op('Unsqueeze', [x, graph.constant([0])]), positions, cos, sin], {
    domain: microsoft,
    attributes: { num_heads: (config.headCount + config.kvHeadCount) / atOnce, interleaved: 1 },
  });
  return graph.op('Squeeze', [turned, graph.constant([0])]);
}

function splitLast(graph: GraphBuilder, x: string, widths: readonly number[]): string[] {
  return graph.op('Split', [x, graph.constant(widths)], { outputs: widths.length, attributes: { axis: -1 } });
}

function stepTokens(graph: GraphBuilder, parts: DecoderParts, rows: RowInputs): [token: string, logprob: string] {
  const rotary = rotaryTables(graph, parts);
  const attend: Attend = (fused, layer) => attendPaged(graph, parts, rows, layer, [fused, '', ''], rotary);
  const embedded = graph.op('Gather', [embeddingTable(graph, parts), rows.ids]);
  return chooseTokens(graph, parts, buildDecoderLayers(graph, parts, embedded, attend));
}

function promptTokens(
  graph: GraphBuilder,
  parts: DecoderParts,
  rows: RowInputs,
  prompts: PromptInputs,
): [token: string, logprob: string] {
  const { config, weights } = parts;
  const { headCount, kvHeadCount, headDim } = config;
  const embedded = graph.op('Where', [
    graph.op('Unsqueeze', [prompts.isImage, graph.constant([1])]),
    graph.op('Gather', [prompts.imageEmbeds, prompts.imageIndex]),
    graph.op('Gather', [embeddingTable(graph, parts), rows.ids]),
  ]);
  const atOnce = headsAtOnce(headCount + kvHeadCount, headDim);
  const [cos, sin] = textRotation(graph, config, prompts.positions).map((table) =>
    graph.op('Concat', new Array(atOnce).fill(weights.asFloatType(graph, table)), { attributes: { axis: 1 } }),
  );
  const attend: Attend = (fused, layer) => {
    const [turning, v] = splitLast(graph, fused, [(headCount + kvHeadCount) * headDim, kvHeadCount * headDim]);
    const turned = rotateRows(graph, parts, turning, prompts.tokenRow, [cos, sin], atOnce);
    const [q, k] = splitLast(graph, turned, [headCount * headDim, kvHeadCount * headDim]);
    return attendPaged(graph, parts, rows, layer, [q, k, v], null);
  };
  const keepLast = (all: string) => graph.op('Gather', [all, prompts.lastIndex]);
  return chooseTokens(graph, parts, buildDecoderLayers(graph, parts, embedded, attend, keepLast));
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
