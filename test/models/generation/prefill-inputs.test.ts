import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createPrefillInputs } from '../../../models/generation/prefill-inputs.js';
import { promptPositions } from '../../../models/generation/prompt-positions.js';

const stages = ['00_en_line', '05_zh_block'].map((name) => {
  const path = new URL(`../../../models/pocket/samples/${name}.stages.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as {
    input_ids: number[];
    position_ids: number[][];
    rope_delta: number;
    grid_thw: [number, number, number];
  };
});
const imageTokenId = 7;
const mergedGrid = ([, height, width]: [number, number, number]) => ({ height: height / 2, width: width / 2 });

it('gives prompts the positions of the reference', () => {
  for (const stage of stages) {
    const { axes, next } = promptPositions(stage.input_ids, [mergedGrid(stage.grid_thw)], imageTokenId);
    expect(axes.map((axis) => [...axis])).toEqual(stage.position_ids);
    expect(next).toBe(stage.input_ids.length + stage.rope_delta);
  }
});

it('pads prompts on the right and points image tokens at their embeddings', () => {
  const [first, second] = stages;
  const cells = first.input_ids.filter((id) => id === imageTokenId).length;
  const { inputs, nextPositions } = createPrefillInputs(
    [
      { ids: first.input_ids, grids: [mergedGrid(first.grid_thw)], embedStarts: [0] },
      { ids: second.input_ids, grids: [mergedGrid(second.grid_thw)], embedStarts: [cells] },
    ],
    imageTokenId,
  );
  const width = second.input_ids.length;
  expect(inputs.input_ids.dims).toEqual([2, width]);
  expect([...inputs.lengths.data]).toEqual([BigInt(first.input_ids.length), BigInt(width)]);
  const pointed = [...inputs.image_index.data].filter((_, place) => inputs.is_image.data[place] === 1);
  expect(pointed).toEqual(pointed.map((_, index) => BigInt(index)));
  expect(inputs.is_image.data.slice(first.input_ids.length, width).some(Boolean)).toBe(false);
  const heights = inputs.position_ids.data.subarray(2 * width + width, 4 * width);
  expect([...heights].map(Number)).toEqual(second.position_ids[1]);
  expect(nextPositions).toEqual(stages.map((stage) => stage.input_ids.length + stage.rope_delta));
});

it('counts on after each of several images by its longer side', () => {
  const { axes, next } = promptPositions(
    [1, 7, 7, 7, 7, 7, 7, 2, 7, 7],
    [
      { height: 2, width: 3 },
      { height: 2, width: 1 },
    ],
    imageTokenId,
  );
  expect([...axes[0]]).toEqual([0, 1, 1, 1, 1, 1, 1, 4, 5, 5]);
  expect([...axes[1]]).toEqual([0, 1, 1, 1, 2, 2, 2, 4, 5, 6]);
  expect([...axes[2]]).toEqual([0, 1, 2, 3, 1, 2, 3, 4, 5, 5]);
  expect(next).toBe(7);
});

it('refuses prompts whose image tokens do not match their images', () => {
  expect(() => promptPositions([1, 7, 2], [{ height: 1, width: 2 }], imageTokenId)).toThrow(/fewer image tokens/);
  expect(() => promptPositions([1, 7, 7], [{ height: 1, width: 1 }], imageTokenId)).toThrow(/more image tokens/);
  expect(() => promptPositions([1, 2], [{ height: 1, width: 1 }], imageTokenId)).toThrow(/fewer images/);
});
