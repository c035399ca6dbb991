import type { CropPatches } from '../image/crop-patches.js';
import type { VisionPositionAlign } from '../manifest.js';
import type { VisionConfig } from '../reader-config.js';
import type { Tensor } from '../session.js';
import { startsOf } from './starts-of.js';
import { describePatches, type VisionInputs } from './vision-inputs.js';

/** Inputs of the vision graph for CUDA, for crops of any patch counts. */
export interface CudaVisionInputs extends VisionInputs {
  readonly is_batched: Tensor<'bool'>;
  readonly is_padded: Tensor<'bool'>;
  readonly patch_counts: Tensor<'int32'>;
  readonly patch_row: Tensor<'int64'>;
  readonly token_offset: Tensor<'int32'>;
  readonly patch_starts: Tensor<'int32'>;
}

/**
 * Tells the vision encoder where each patch lies. `batchLength`: the patches each crop takes in a batch, those that pad
 * it included; null packs the crops.
 */
export function createCudaVisionInputs(
  crops: readonly CropPatches[],
  config: VisionConfig,
  align: VisionPositionAlign,
  batchLength: number | null,
): CudaVisionInputs {
  const counts = crops.map(({ gridHeight, gridWidth }) => gridHeight * gridWidth);
  const rowCounts = counts.map((count) => batchLength ?? count);
  if (rowCounts.some((rowCount, crop) => rowCount < counts[crop])) {
    throw new RangeError(`a crop has more than the ${batchLength} patches of its batch`);
  }
  const starts = startsOf(rowCounts);
  const rowCount = starts.at(-1) as number;
  const isPadded = counts.some((count, crop) => count < rowCounts[crop]);
  const flag = (value: boolean) => ({ type: 'bool', dims: [], data: Uint8Array.of(Number(value)) }) as const;
  return {
    ...describePatches(crops, config, align, starts),
    is_batched: flag(batchLength !== null),
    is_padded: flag(isPadded),
    patch_counts: { type: 'int32', dims: [counts.length], data: Int32Array.from(counts) },
    patch_row: { type: 'int64', dims: [1, rowCount], data: countUp(rowCount) },
    token_offset: packedPlaces(rowCounts),
    patch_starts: { type: 'int32', dims: [starts.length], data: Int32Array.from(starts) },
  };
}

/** 0 to `count` - 1. */
export function countUp(count: number): BigInt64Array {
  const values = new BigInt64Array(count);
  // Small values only need their low words, which is much quicker than making BigInts.
  const words = new Int32Array(values.buffer);
  for (let index = 0; index < count; index++) words[2 * index] = index;
  return values;
}

/** Places of the packed rows in a padded [crops, longest], then those of the padding. */
function packedPlaces(counts: readonly number[]): Tensor<'int32'> {
  const longest = Math.max(...counts);
  const places = new Int32Array(counts.length * longest);
  let next = 0;
  counts.forEach((count, crop) => {
    for (let place = 0; place < count; place++) places[next++] = crop * longest + place;
  });
  counts.forEach((count, crop) => {
    for (let place = count; place < longest; place++) places[next++] = crop * longest + place;
  });
  return { type: 'int32', dims: [counts.length, longest], data: places };
}
