import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeCropFrame, encodeCropFrame } from '../../../pool/remote/crop-frame.js';
import type { CropHead } from '../../../pool/remote/engine-contract.js';

const head: CropHead = {
  protocol: 2,
  weightsId: 'w',
  from: 'me',
  priority: 'interactive',
  task: 'ocr',
  promptIds: [1, 2, 3],
  images: [{ gridHeight: 2, gridWidth: 4 }],
  maxTokens: 8,
  isStreamed: false,
};
const code = (body: Uint8Array): string => {
  try {
    decodeCropFrame(body);
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

it('brings head and pixels over as they are', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }),
      fc.array(fc.nat(100_000), { minLength: 1 }),
      fc.double({ noNaN: true, noDefaultInfinity: true, max: 0 }),
      (pictures, promptIds, logprob) => {
        const sent = { ...head, promptIds, prefix: { tokenIds: [7], logprobs: [logprob === 0 ? 0 : logprob] } };
        const got = decodeCropFrame(encodeCropFrame(sent, pictures));
        expect(got.head).toEqual(sent);
        expect([...got.pixels]).toEqual(pictures.flatMap((picture) => [...picture]));
      },
    ),
    { numRuns: 50 },
  );
});

it('owns its pixels: they do not hold the body', () => {
  const { pixels } = decodeCropFrame(encodeCropFrame(head, [new Uint8Array(10)]));
  expect(pixels.buffer.byteLength).toBe(10);
});

it('refuses what is no frame, wherever it is cut or bent', () => {
  const good = encodeCropFrame(head, []);
  for (let length = 0; length < good.length; length++) expect(code(good.subarray(0, length))).toBe('CROP_INVALID');
  expect(code(Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2]))).toBe('CROP_INVALID');
  expect(code(encodeCropFrame({ ...head, protocol: 1 as never }, []))).toBe('CROP_INVALID');
  expect(code(encodeCropFrame({ ...head, promptIds: [] }, []))).toBe('CROP_INVALID');
  expect(code(encodeCropFrame({ ...head, promptIds: [1.5] }, []))).toBe('CROP_INVALID');
  expect(code(good)).toBe('accepted');
});
