import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type ModelFolder, openModel } from '../../../models/index.js';
import type { CropHead } from '../../../pool/remote/engine-contract.js';
import { openFrame } from '../../../pool/remote/open-frame.js';

const model: ModelFolder = await openModel(fileURLToPath(new URL('../../../models/pocket', import.meta.url)));
const { vision, imageTokenId, text } = model.reader;
const patchBytes = 3 * vision.patchSize ** 2;
const [gridHeight, gridWidth] = [vision.mergeSize, vision.mergeSize * 3];
const pixels = new Uint8Array(gridHeight * gridWidth * patchBytes);
const head: CropHead = {
  protocol: 2,
  weightsId: 'w',
  from: 'me',
  priority: 'batch',
  task: 'table',
  promptIds: [5, imageTokenId, imageTokenId, imageTokenId, 6],
  images: [{ gridHeight, gridWidth }],
  maxTokens: 4,
  isStreamed: true,
};
const refusal = (change: Partial<CropHead>, bytes = pixels, limit = 1000) => {
  try {
    openFrame({ head: { ...head, ...change }, pixels: bytes }, model, limit);
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

it('gives the crop that was sent', () => {
  const crop = openFrame({ head, pixels }, model, 1000);
  expect(crop).toMatchObject({ kind: 'table', imageTokenCount: 3, maxTokens: 4 });
  expect(crop.images).toEqual([{ gridHeight, gridWidth, patches: pixels }]);
  expect(crop).not.toHaveProperty('ignoresStop');
  expect(openFrame({ head: { ...head, ignoresStop: true }, pixels }, model, 1000)).toHaveProperty('ignoresStop', true);
});

it('takes pictures of one channel', () => {
  const grey = { ...head.images[0], isGrey: true };
  const promptIds = new Array<number>(6).fill(imageTokenId);
  const bytes = Uint8Array.from({ length: (pixels.length * 4) / 3 }, (_, index) => (index < pixels.length ? 1 : 2));
  const { images } = openFrame(
    { head: { ...head, promptIds, images: [head.images[0], grey] }, pixels: bytes },
    model,
    1000,
  );
  expect(images.map(({ patches, isGrey }) => [patches.length, new Set(patches), isGrey])).toEqual([
    [pixels.length, new Set([1]), undefined],
    [pixels.length / 3, new Set([2]), true],
  ]);
});

it('cuts several pictures apart', () => {
  const bytes = Uint8Array.from({ length: pixels.length * 2 }, (_, index) => (index < pixels.length ? 1 : 2));
  const promptIds = new Array<number>(6).fill(imageTokenId);
  const { images } = openFrame(
    { head: { ...head, promptIds, images: [head.images[0], head.images[0]] }, pixels: bytes },
    model,
    1000,
  );
  expect(images.map(({ patches }) => [patches.length, new Set(patches), patches.buffer.byteLength])).toEqual([
    [pixels.length, new Set([1]), pixels.length],
    [pixels.length, new Set([2]), pixels.length],
  ]);
});

it.each([
  ['pixels that are missing', {}, pixels.subarray(1)],
  ['pixels too many', {}, new Uint8Array(pixels.length + 1)],
  ['pixels of one channel that have three', { images: [{ gridHeight, gridWidth, isGrey: true }] }],
  ['a grid that cannot be merged', { images: [{ gridHeight: gridHeight + 1, gridWidth }] }],
  ['too few placeholders', { promptIds: [5, imageTokenId, 6] }],
  ['a token that the model lacks', { promptIds: [...head.promptIds, text.vocabSize] }],
  ['a prefix without its log-probabilities', { prefix: { tokenIds: [1, 2], logprobs: [-1] } }],
] as [string, Partial<CropHead>, Uint8Array?][])('refuses %s', (_, change, bytes) => {
  expect(refusal(change, bytes as typeof pixels)).toBe('CROP_INVALID');
});

it('refuses what leaves no room for a token', () => {
  expect(refusal({}, pixels, 6)).toBeNull();
  expect(refusal({}, pixels, 5)).toBe('CROP_TOO_LONG');
  expect(refusal({ maxTokens: 2, prefix: { tokenIds: [1, 2], logprobs: [-1, -1] } })).toBe('CROP_TOO_LONG');
});
