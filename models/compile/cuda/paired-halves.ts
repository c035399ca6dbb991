import type { WeightSource } from '../graph-builder.js';
import type { ReaderWeights } from '../reader-weights.js';
import { bytesSource } from '../weight-sources.js';

/** Most threads of a block, which the rotary kernel gives one each to the values of a head. */
const mostHeadSize = 1024;

/**
 * Rows of a projection in the order in which rotary embedding takes pairs: row i of the first half of a head, then row i
 * of its second half. Queries and keys in this order give the same products as in the stored one, and rotating
 * neighbours lets any number of heads be rotated as one wide head.
 */
export function pairedRows(
  weights: ReaderWeights,
  name: string,
  shape: readonly [rows: number, columns?: number],
  headDim: number,
): WeightSource {
  const { reader, floatType } = weights;
  reader.expect(name, shape as readonly number[]);
  return weights.remember(`paired rows ${name}`, () =>
    bytesSource(floatType, () => {
      const [rowCount, width = 1] = shape;
      const isHalf = floatType === 'float16';
      const stored = isHalf ? new Uint16Array(rowCount * width) : new Float32Array(rowCount * width);
      let end = 0;
      for (const chunk of isHalf ? reader.halfChunks(name) : reader.floatChunks(name)) {
        stored.set(chunk, end);
        end += chunk.length;
      }
      const paired = new (isHalf ? Uint16Array : Float32Array)(stored.length);
      for (let row = 0; row < rowCount; row++) {
        const source = pairedSource(row, headDim) * width;
        paired.set(stored.subarray(source, source + width), row * width);
      }
      return paired;
    }),
  );
}

/** The stored row that stands at `row` of the paired order. */
function pairedSource(row: number, headDim: number): number {
  const place = row % headDim;
  return row - place + (place >> 1) + (place % 2) * (headDim / 2);
}

/** How many heads may be rotated as one: the fewer heads there are, the fewer blocks the kernel is started in. */
export function headsAtOnce(headCount: number, headDim: number): number {
  let most = 1;
  for (let count = 2; count <= headCount && count * headDim <= mostHeadSize; count++) {
    if (headCount % count === 0) most = count;
  }
  return most;
}
