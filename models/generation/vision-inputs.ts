import { type CropPatches, patchByteCount } from '../image/crop-patches.js';
import type { VisionPositionAlign } from '../manifest.js';
import type { VisionConfig } from '../reader-config.js';
import type { Tensor } from '../session.js';
import { startsOf } from './starts-of.js';

/** Inputs of the compiled vision graph for crops of one patch count, one after another. */
export interface VisionInputs {
  readonly pixel_values: Tensor<'uint8'>;
  readonly pos_index: Tensor<'int64'>;
  readonly pos_weight: Tensor<'float32'>;
  readonly rope_hw: Tensor<'float32'>;
  readonly merge_index: Tensor<'int64'>;
  readonly image_count: Tensor<'int64'>;
}

/**
 * Tells the vision encoder where each patch of `crops` lies.
 *
 * Learned positions form a square grid that is stretched over the crop bilinearly, without antialiasing. `half-pixel`
 * is align_corners=false (the original code and vLLM): source = (i + 0.5) · grid / size - 0.5, not below 0.
 * `corners` is align_corners=true (transformers 5.17): source = i · (grid - 1) / (size - 1), 0 where size is 1.
 *
 * Crops must have the same number of patches; their grids may differ.
 */
export function createVisionInputs(
  crops: readonly CropPatches[],
  config: VisionConfig,
  align: VisionPositionAlign,
): VisionInputs {
  const counts = crops.map((crop) => crop.gridHeight * crop.gridWidth);
  if (counts.some((count) => count !== counts[0])) throw new RangeError('crops of one run need one patch count');
  return describePatches(crops, config, align);
}

/**
 * The same for crops of any patch counts. `starts`: the row of the first patch of each crop, and the end; one after
 * another when absent. Rows between a crop and the next are zeros, and no merge block has them.
 */
export function describePatches(
  crops: readonly CropPatches[],
  config: VisionConfig,
  align: VisionPositionAlign,
  starts: readonly number[] = startsOf(crops.map(({ gridHeight, gridWidth }) => gridHeight * gridWidth)),
): VisionInputs {
  const patchCount = starts[crops.length];
  const isGrey = crops.every((crop) => crop.isGrey);
  const patchBytes = patchByteCount(config.patchSize, isGrey);
  const index = new BigInt64Array(patchCount * 4);
  // Small values only need their low words, which is much quicker than making BigInts.
  const indexWords = new Int32Array(index.buffer);
  const weight = new Float32Array(patchCount * 4);
  const rope = new Float32Array(patchCount * 2);
  const mergedCount = crops.reduce((sum, { gridHeight, gridWidth }) => sum + gridHeight * gridWidth, 0);
  const merge = new BigInt64Array(mergedCount);
  let merged = 0;
  crops.forEach(({ gridHeight, gridWidth }, crop) => {
    const start = starts[crop];
    const rows = neighbours(gridHeight, config.positionGridSize, align);
    const columns = neighbours(gridWidth, config.positionGridSize, align);
    for (let row = 0; row < gridHeight; row++) {
      for (let column = 0; column < gridWidth; column++) {
        const patch = start + row * gridWidth + column;
        rope[patch * 2] = row;
        rope[patch * 2 + 1] = column;
        for (let corner = 0; corner < 4; corner++) {
          const y = row * 2 + (corner >> 1);
          const x = column * 2 + (corner & 1);
          indexWords[(patch * 4 + corner) * 2] = rows.lines[y] * config.positionGridSize + columns.lines[x];
          weight[patch * 4 + corner] = rows.weights[y] * columns.weights[x];
        }
      }
    }
    const size = gridHeight * gridWidth;
    fillMergeOrder(merge.subarray(merged, merged + size), start, gridHeight, gridWidth, config.mergeSize);
    merged += size;
  });
  return {
    pixel_values: {
      type: 'uint8',
      dims: [patchCount, patchBytes],
      data: joinPixels(crops, starts, patchBytes, isGrey),
    },
    pos_index: { type: 'int64', dims: [patchCount, 4], data: index },
    pos_weight: { type: 'float32', dims: [patchCount, 4], data: weight },
    rope_hw: { type: 'float32', dims: [patchCount, 2], data: rope },
    merge_index: { type: 'int64', dims: [merge.length], data: merge },
    image_count: { type: 'int64', dims: [1], data: BigInt64Array.of(BigInt(crops.length)) },
  };
}

/**
 * The patches of all crops in their rows, grey ones beside others with three channels; those of a single one as they
 * are.
 */
function joinPixels(
  crops: readonly CropPatches[],
  starts: readonly number[],
  patchBytes: number,
  isGrey: boolean,
): Uint8Array {
  const [first] = crops;
  const byteCount = starts[crops.length] * patchBytes;
  // The runtime takes no shared memory.
  const isUsable = first?.patches.length === byteCount && first.patches.buffer instanceof ArrayBuffer;
  if (crops.length === 1 && isUsable) return first.patches;
  const pixels = new Uint8Array(byteCount);
  crops.forEach((crop, index) => {
    const start = starts[index] * patchBytes;
    if (crop.isGrey && !isGrey) spreadGrey(crop, pixels, start);
    else pixels.set(crop.patches, start);
  });
  return pixels;
}

/** Writes the one channel of each patch three times. */
function spreadGrey({ gridHeight, gridWidth, patches }: CropPatches, target: Uint8Array, start: number): void {
  const area = patches.length / (gridHeight * gridWidth);
  let end = start;
  for (let from = 0; from < patches.length; from += area) {
    const channel = patches.subarray(from, from + area);
    for (let copy = 0; copy < 3; copy++, end += area) target.set(channel, end);
  }
}

/** For each of `size` places the two grid lines it lies between, with their weights. */
function neighbours(size: number, gridSize: number, align: VisionPositionAlign) {
  const lines = new Int32Array(size * 2);
  const weights = new Float64Array(size * 2);
  for (let place = 0; place < size; place++) {
    const source =
      align === 'half-pixel'
        ? Math.max(0, ((place + 0.5) * gridSize) / size - 0.5)
        : size > 1
          ? (place * (gridSize - 1)) / (size - 1)
          : 0;
    const before = Math.min(Math.floor(source), gridSize - 1);
    lines[place * 2] = before;
    lines[place * 2 + 1] = Math.min(before + 1, gridSize - 1);
    weights[place * 2] = 1 - (source - before);
    weights[place * 2 + 1] = source - before;
  }
  return { lines, weights };
}

/** Patches of each merge block together, blocks in raster order, raster order inside a block. */
function fillMergeOrder(target: BigInt64Array, start: number, height: number, width: number, merge: number): void {
  const words = new Int32Array(target.buffer, target.byteOffset, target.length * 2);
  let place = 0;
  for (let blockRow = 0; blockRow < height; blockRow += merge) {
    for (let blockColumn = 0; blockColumn < width; blockColumn += merge) {
      for (let row = blockRow; row < blockRow + merge; row++) {
        for (let column = blockColumn; column < blockColumn + merge; column++) {
          words[2 * place++] = start + row * width + column;
        }
      }
    }
  }
}
