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
  const inputs = createCudaVisionInputs([crop(2, 2), crop(2, 4)], config, 'half-pixel', false);
  expect([...inputs.patch_starts.data]).toEqual([0, 4, 12]);
  expect(inputs.token_offset.dims).toEqual([2, 8]);
  expect([...inputs.token_offset.data]).toEqual([0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 4, 5, 6, 7]);
  expect([...inputs.patch_row.data].map(Number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(inputs.is_batched.data[0]).toBe(0);
});

it('batches crops of one patch count only', () => {
  const inputs = createCudaVisionInputs([crop(2, 4), crop(4, 2)], config, 'half-pixel', true);
  expect(inputs.is_batched.data[0]).toBe(1);
  expect(inputs.image_count.data[0]).toBe(2n);
  expect(() => createCudaVisionInputs([crop(2, 2), crop(2, 4)], config, 'half-pixel', true)).toThrow(RangeError);
});
