import { expect, it } from 'vitest';
import { BatchingChoice } from '../../../../pool/engine/cuda/batching-choice.js';

const picture = (gridHeight: number, gridWidth: number) => ({ gridHeight, gridWidth, patches: new Uint8Array(0) });
const large = picture(50, 60);

it('packs what is small or not alone, however often it comes', () => {
  const choice = new BatchingChoice(true);
  for (let turn = 0; turn < 200; turn++) {
    expect(choice.batchLength([picture(20, 60)])).toBeNull();
    expect(choice.batchLength([large, large])).toBeNull();
  }
});

it('batches a large picture once its size has come often, where padding does not pay', () => {
  const choice = new BatchingChoice(false);
  const lengths = Array.from({ length: 8 }, () => choice.batchLength([large]));
  expect(lengths).toEqual([null, null, null, null, null, null, 3000, 3000]);
  expect(choice.batchLength([picture(50, 62)])).toBeNull();
});

it('pads large pictures of any size to few lengths, and leaves the padding out for one that comes very often', () => {
  const choice = new BatchingChoice(true);
  const first = [large, picture(50, 58), picture(50, 61), picture(48, 64), picture(52, 56), picture(50, 58)];
  expect(first.map((one) => choice.batchLength([one]))).toEqual([null, null, null, 3072, null, 2944]);
  const lengths = Array.from({ length: 16 }, () => choice.batchLength([large]));
  expect([lengths[0], lengths.at(-2), lengths.at(-1)]).toEqual([3072, 3072, 3000]);
});
