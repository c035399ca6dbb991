import { expect, it } from 'vitest';
import { createCudaVisionInputs } from '../../../models/generation/cuda-vision-inputs.js';
import type { VisionConfig } from '../../../models/reader-config.js';

const config = { patchSize: 2, positionGridSize: 3, mergeSize: 2 } as VisionConfig;
const crop = (gridHeight: number, gridWidth: number) => ({
  gridHeight,
  gridWidth,
  patches: new Uint8Array(gridHeight * gridWidth * 12),
});

it('packs crops of any sizes: places of the patches, then those of the padding', () => {
  const inputs = createCudaVisionInputs([crop(2, 2), crop(2, 4)], config, 'half-pixel', null);
  expect([...inputs.patch_starts.data]).toEqual([0, 4, 12]);
  expect(inputs.token_offset.dims).toEqual([2, 8]);
  expect([...inputs.token_offset.data]).toEqual([0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 4, 5, 6, 7]);
  expect([...inputs.patch_row.data].map(Number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(inputs.is_batched.data[0]).toBe(0);
});

it('batches crops of one patch count', () => {
  const inputs = createCudaVisionInputs([crop(2, 4), crop(4, 2)], config, 'half-pixel', 8);
  expect([inputs.is_batched.data[0], inputs.is_padded.data[0]]).toEqual([1, 0]);
  expect(inputs.image_count.data[0]).toBe(2n);
  expect(() => createCudaVisionInputs([crop(2, 2), crop(2, 4)], config, 'half-pixel', 7)).toThrow(RangeError);
});

it('pads crops to the length of their batch', () => {
  const first = { ...crop(2, 2), patches: new Uint8Array(48).fill(1) };
  const second = { ...crop(2, 4), patches: new Uint8Array(96).fill(2) };
  const inputs = createCudaVisionInputs([first, second], config, 'half-pixel', 10);
  expect([inputs.is_batched.data[0], inputs.is_padded.data[0], [...inputs.patch_counts.data]]).toEqual([1, 1, [4, 8]]);
  expect([inputs.pixel_values.dims, inputs.pos_index.dims, inputs.patch_row.dims]).toEqual([
    [20, 12],
    [20, 4],
    [1, 20],
  ]);
  const { data } = inputs.pixel_values;
  const firstBytes = Array.from({ length: 20 }, (_, row) => data[row * 12]);
  expect(firstBytes).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0]);
  expect([...inputs.merge_index.data].map(Number)).toEqual([0, 1, 2, 3, 10, 11, 14, 15, 12, 13, 16, 17]);
  expect([...inputs.rope_hw.data.subarray(30, 36)]).toEqual([1, 1, 1, 2, 1, 3]);
});
