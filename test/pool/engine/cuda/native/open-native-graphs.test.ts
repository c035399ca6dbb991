import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CompiledModel, compileModel } from '../../../../../models/compile/compile-model.js';
import { type ModelFolder, openModel } from '../../../../../models/open-model.js';
import { openCudaEngine } from '../../../../../pool/engine/cuda/open-cuda-engine.js';
import { tinySizes, writeRandomSnapshot } from '../../../../support/write-random-snapshot.js';

const hasGpu = spawnSync('nvidia-smi', ['-L']).status === 0;
if (hasGpu) console.warn('skipped: this machine has a GPU, so nothing CUDA needs is missing');

let folder: string;
let model: ModelFolder;
let graphs: CompiledModel['graphs'];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quire-door-'));
  writeRandomSnapshot(join(folder, 'model'), { sizes: tinySizes });
  model = await openModel(join(folder, 'model'));
  ({ graphs } = await compileModel(model, { device: 'cuda', precision: 'fp16' }, join(folder, 'cache')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (cudaDoor: 'auto' | 'c-api' | 'addon', memoryBytes = 0) =>
  openCudaEngine({
    deviceId: 'cuda:0',
    shard: 0,
    target: { kind: 'cuda', index: 0 },
    threadCount: 1,
    cudaDoor,
    model,
    graphs,
    limits: {
      maxBatch: 4,
      maxSequenceLength: 1024,
      prefillTokenBudget: 1024,
      visionPatchBudget: 1024,
      kvBlocks: 8,
      kvBytes: 0,
      memoryBytes,
      loopGuard: true,
    },
    faults: [],
  });

it.skipIf(hasGpu)('says what each door lacks, whichever is asked for and however often', async () => {
  for (let turn = 0; turn < 2; turn++) {
    await expect(open('c-api')).rejects.toThrow(/libcudart/);
    await expect(open('addon')).rejects.toThrow(/ExecutionProvider_Cuda/);
    // The addon was the last resort, so its reason is the one told.
    await expect(open('auto')).rejects.toThrow(/ExecutionProvider_Cuda/);
  }
});
