import { expect, it } from 'vitest';
import { createVisionInputs } from '../../../models/generation/vision-inputs.js';

const config = {
  hiddenSize: 8,
  intermediateSize: 8,
  layerCount: 1,
  headCount: 1,
  patchSize: 1,
  positionGridSize: 3,
  layerNormEps: 1e-6,
  ropeTheta: 10_000,
  mergeSize: 2,
};
const crop = (gridHeight: number, gridWidth: number, first = 0) => ({
  gridHeight,
  gridWidth,
  patches: Uint8Array.from({ length: gridHeight * gridWidth * 3 }, (_, index) => first + index),
});

/** The learned positions 0…8 as the graph would mix them for each patch. */
function mixed(inputs: ReturnType<typeof createVisionInputs>): number[] {
  const { data: index } = inputs.pos_index;
  const { data: weight } = inputs.pos_weight;
  return Array.from({ length: index.length / 4 }, (_, patch) => {
    let sum = 0;
    for (let corner = 0; corner < 4; corner++) sum += Number(index[patch * 4 + corner]) * weight[patch * 4 + corner];
    return Number(sum.toFixed(5));
  });
}

// Expected values: torch.nn.functional.interpolate(mode='bilinear') of torch.arange(9.).reshape(3, 3) to 2 x 4.
it('stretches the learned positions like align_corners=false', () => {
  expect(mixed(createVisionInputs([crop(2, 4)], config, 'half-pixel'))).toEqual([
    0.75, 1.375, 2.125, 2.75, 5.25, 5.875, 6.625, 7.25,
  ]);
});

it('stretches the learned positions like align_corners=true', () => {
  expect(mixed(createVisionInputs([crop(2, 4)], config, 'corners'))).toEqual([
    0.0, 0.66667, 1.33333, 2.0, 6.0, 6.66667, 7.33333, 8.0,
  ]);
});

it('lays crops of one patch count one after another', () => {
  const inputs = createVisionInputs([crop(2, 4), crop(4, 2, 100)], config, 'corners');
  expect([...inputs.image_count.data]).toEqual([2n]);
  expect(inputs.pixel_values.dims).toEqual([16, 3]);
  expect(inputs.pixel_values.data[24]).toBe(100);
  expect([...inputs.merge_index.data].map(Number)).toEqual([0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  expect([...inputs.rope_hw.data.subarray(14, 22)]).toEqual([1, 3, 0, 0, 0, 1, 1, 0]);
});

it('keeps one channel where no crop has colour, and spreads it beside crops that have', () => {
  const grey = { gridHeight: 2, gridWidth: 2, patches: Uint8Array.of(7, 8, 9, 10), isGrey: true };
  const alone = createVisionInputs([grey], config, 'corners').pixel_values;
  expect([alone.dims, alone.data]).toEqual([[4, 1], grey.patches]);
  const both = createVisionInputs([grey, grey], config, 'corners').pixel_values;
  expect([both.dims, [...both.data]]).toEqual([
    [8, 1],
    [7, 8, 9, 10, 7, 8, 9, 10],
  ]);
  const mixed = createVisionInputs([crop(2, 2), grey], config, 'corners').pixel_values;
  expect(mixed.dims).toEqual([8, 3]);
  expect([...mixed.data.subarray(12)]).toEqual([7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10, 10]);
});

it('refuses crops of different patch counts', () => {
  expect(() => createVisionInputs([crop(2, 4), crop(2, 2)], config, 'corners')).toThrow(RangeError);
});
