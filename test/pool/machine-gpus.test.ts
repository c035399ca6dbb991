import { expect, it } from 'vitest';
import { parseGpus, visibleGpus } from '../../pool/machine-gpus.js';

const text =
  '0, GPU-1111-a, NVIDIA H200, 143771, 143000\n1, GPU-2222-b, NVIDIA A10, 24576, [N/A]\nNo devices were found\n';
const gpus = parseGpus(text);

it('reads what nvidia-smi prints and skips what is no device', () => {
  expect(gpus).toEqual([
    {
      index: 0,
      uuid: 'GPU-1111-a',
      name: 'NVIDIA H200',
      memoryBytes: 143771 * 1024 ** 2,
      freeBytes: 143000 * 1024 ** 2,
    },
    { index: 1, uuid: 'GPU-2222-b', name: 'NVIDIA A10', memoryBytes: 24576 * 1024 ** 2, freeBytes: 0 },
  ]);
  expect(parseGpus('')).toEqual([]);
});

it('numbers the visible devices as CUDA does', () => {
  const uuids = (visible: string | undefined) => visibleGpus(gpus, visible).map(({ index, uuid }) => [index, uuid]);
  expect(uuids(undefined)).toEqual([
    [0, 'GPU-1111-a'],
    [1, 'GPU-2222-b'],
  ]);
  expect(uuids('1,0')).toEqual([
    [0, 'GPU-2222-b'],
    [1, 'GPU-1111-a'],
  ]);
  expect(uuids('GPU-2222')).toEqual([[0, 'GPU-2222-b']]);
  expect(uuids('0,9,1')).toEqual([[0, 'GPU-1111-a']]);
  expect(uuids('')).toEqual([]);
});
