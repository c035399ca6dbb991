import type { WeightSource } from '../graph-builder.js';
import type { ReaderWeights } from '../reader-weights.js';
import { bytesSource } from '../weight-sources.js';

/** Where the values of a row, or a column, of the new matrix are stored; -1 for zeros. */
type Order = (place: number) => number;

export interface Reordering {
  /** Rows of the new matrix in order; as stored when absent. */
  readonly rows?: Order;
  readonly columns?: { readonly count: number; readonly order: Order };
}

/**
 * A matrix of the checkpoint, or a vector, with its rows or columns in another order; `label` names the order. Memory
 * holds the tensor twice while it is written.
 */
export function reordered(
  weights: ReaderWeights,
  name: string,
  shape: readonly [rows: number, columns?: number],
  label: string,
  { rows = (row) => row, columns }: Reordering,
): WeightSource {
  const { reader, floatType } = weights;
  reader.expect(name, shape as readonly number[]);
  return weights.remember(`${label} ${name}`, () =>
    bytesSource(floatType, () => {
      const [rowCount, storedWidth = 1] = shape;
      const stored = readValues(weights, name, rowCount * storedWidth);
      const width = columns?.count ?? storedWidth;
      const values = new (floatType === 'float16' ? Uint16Array : Float32Array)(rowCount * width);
      for (let row = 0; row < rowCount; row++) {
        const start = rows(row) * storedWidth;
        if (!columns) values.set(stored.subarray(start, start + width), row * width);
        for (let column = 0; columns && column < width; column++) {
          const source = columns.order(column);
          if (source >= 0) values[row * width + column] = stored[start + source];
        }
      }
      return values;
    }),
  );
}

function readValues({ reader, floatType }: ReaderWeights, name: string, count: number): Uint16Array | Float32Array {
  const isHalf = floatType === 'float16';
  const values = new (isHalf ? Uint16Array : Float32Array)(count);
  let end = 0;
  for (const chunk of isHalf ? reader.halfChunks(name) : reader.floatChunks(name)) {
    values.set(chunk, end);
    end += chunk.length;
  }
  return values;
}

/** Sources one after another, as one. */
export function stacked(weights: ReaderWeights, sources: readonly WeightSource[], label: string): WeightSource {
  return weights.remember(label, () => ({
    type: weights.floatType,
    *chunks() {
      for (const source of sources) yield* source.chunks();
    },
  }));
}

/**
 * The order in which rotary embedding takes pairs, for the rows of heads: row i of the first half of a head, then row i
 * of its second half. Queries and keys in this order give the same products as in the stored one, and rotating
 * neighbours lets any number of heads be rotated as one wide head.
 */
export function pairedOrder(headDim: number): Order {
  return (row) => {
    const place = row % headDim;
    return row - place + (place >> 1) + (place % 2) * (headDim / 2);
  };
}

/** Most threads of a block, which the rotary kernel gives one each to the values of a head. */
const mostHeadSize = 1024;

/** How many heads may be rotated as one: the fewer heads there are, the fewer blocks the kernel is started in. */
export function headsAtOnce(headCount: number, headDim: number): number {
  let most = 1;
  for (let count = 2; count <= headCount && count * headDim <= mostHeadSize; count++) {
    if (headCount % count === 0) most = count;
  }
  return most;
}
