import { expect, it } from 'vitest';
import { createPagedInputs, type PagedRow } from '../../../models/generation/paged-inputs.js';

const image = 7;
const numbers = ({ data }: { data: ArrayLike<number | bigint> }) => Array.from(data, Number);
const prompt: PagedRow = {
  ids: [1, image, image, image, image, image, image, 2, 3],
  pastLength: 0,
  blockIds: [4],
  grids: [{ height: 2, width: 3 }],
  embedStarts: [10],
};
const step: PagedRow = { ids: [55], pastLength: 300, blockIds: [2, 9], grids: [], embedStarts: [] };

it('packs a prompt beside the step of another sequence', () => {
  const inputs = createPagedInputs([step, prompt], image, 256);
  expect(numbers(inputs.is_step)).toEqual([0]);
  expect(numbers(inputs.input_ids)).toEqual([55, ...prompt.ids]);
  expect(numbers(inputs.sequence_starts)).toEqual([0, 1, 10]);
  expect(numbers(inputs.past_lengths)).toEqual([300, 0]);
  expect(inputs.block_table).toEqual({ type: 'int32', dims: [2, 2], data: Int32Array.of(2, 9, 4, 0) });
  expect(numbers(inputs.attention_bounds)).toEqual([9, 512, 0]);
  expect(numbers(inputs.image_index)).toEqual([0, 0, 10, 11, 12, 13, 14, 15, 0, 0]);
  expect(numbers(inputs.is_image)).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 0, 0]);
  expect(numbers(inputs.token_row)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(numbers(inputs.last_index)).toEqual([0, 9]);
});

it('shifts positions so that the next token sits at its place in the pool, differences unchanged', () => {
  const { position_ids: positions } = createPagedInputs([prompt, step], image, 256);
  // Unshifted: 0; pictures 1 + row and column; text from 4. Nine tokens, next position 6: a shift of 3.
  expect(numbers(positions)).toEqual([
    ...[3, 4, 4, 4, 4, 4, 4, 7, 8, 300],
    ...[3, 4, 4, 4, 5, 5, 5, 7, 8, 300],
    ...[3, 4, 5, 6, 4, 5, 6, 7, 8, 300],
  ]);
});

it('makes a step of single tokens with honest bounds', () => {
  const other = { ...step, ids: [image], pastLength: 20, blockIds: [3] };
  const inputs = createPagedInputs([step, other], image, 256);
  expect(numbers(inputs.is_step)).toEqual([1]);
  expect(numbers(inputs.attention_bounds)).toEqual([1, 512, 21]);
  expect(inputs.position_ids.dims).toEqual([3, 1]);
});

it('takes a placeholder that was generated as text', () => {
  const again = { ...prompt, ids: [...prompt.ids, image, 4] };
  const inputs = createPagedInputs([again, { ...step, ids: [image] }], image, 256);
  expect(numbers(inputs.is_image).filter(Boolean)).toHaveLength(6);
  expect(numbers(inputs.position_ids).slice(7, 12)).toEqual([7, 8, 9, 10, 300]);
});
