import type { TextConfig } from '../../reader-config.js';
import type { Linear } from '../linear.js';
import type { ReaderWeights } from '../reader-weights.js';
import { pairedOrder, reordered, stacked } from './reordered-weights.js';

/** The projections around attention, with their weights in the order in which a graph attends. */
export interface AttentionLinears {
  /** Queries, keys and values. */
  readonly fusedLinear: Linear;
  /** Back to the hidden size; as stored when absent. */
  readonly outputLinear?: Linear;
}

/** Heads of queries and keys as stored, each in paired order. */
export function pairedLinears(weights: ReaderWeights, config: TextConfig): AttentionLinears {
  return { fusedLinear: fused(weights, config, 'paired', pairedOrder(config.headDim)) };
}

/**
 * Queries for a step in which heads that share a key attend as one: row i of a sequence has the i-th query head of every
 * key head, so that each row has as many heads as there are keys; a last row is the keys themselves. The output takes
 * rows of that order, and nothing from the last.
 */
export function wideLinears(weights: ReaderWeights, config: TextConfig): AttentionLinears {
  const { headCount, kvHeadCount, headDim, hiddenSize } = config;
  const groupSize = headCount / kvHeadCount;
  const rowWidth = kvHeadCount * headDim;
  const stored = (place: number) => {
    const head = Math.floor((place % rowWidth) / headDim) * groupSize + Math.floor(place / rowWidth);
    return head * headDim + (place % headDim);
  };
  const paired = pairedOrder(headDim);
  const count = (groupSize + 1) * rowWidth;
  const order = (column: number) => (column < headCount * headDim ? stored(column) : -1);
  return {
    fusedLinear: fused(weights, config, 'wide', (row) => paired(stored(row))),
    outputLinear: (graph, x, { names: [name] }) => {
      const shape = [hiddenSize, headCount * headDim] as const;
      const source = reordered(weights, name, shape, 'wide', { columns: { count, order } });
      const matrix = graph.weight(`${name} (wide)`, [hiddenSize, count], source);
      return graph.op('Gemm', [x, matrix], { attributes: { transB: 1 } });
    },
  };
}

/** Queries in an order, keys in pairs, values as stored, in one matrix. */
function fused(
  weights: ReaderWeights,
  { hiddenSize, headDim }: TextConfig,
  label: string,
  queryOrder: (row: number) => number,
): Linear {
  return (graph, x, { names, outputSizes }) => {
    const [query, key, value] = names;
    const [queryShape, keyShape, valueShape] = outputSizes.map((size) => [size, hiddenSize] as const);
    const sources = [
      reordered(weights, query, queryShape, label, { rows: queryOrder }),
      reordered(weights, key, keyShape, 'paired', { rows: pairedOrder(headDim) }),
      weights.rows([value], [valueShape]),
    ];
    const name = `${names.join('+')} (${label})`;
    const rowCount = outputSizes.reduce((sum, size) => sum + size, 0);
    const matrix = graph.weight(name, [rowCount, hiddenSize], stacked(weights, sources, name));
    return graph.op('Gemm', [x, matrix], { attributes: { transB: 1 } });
  };
}
