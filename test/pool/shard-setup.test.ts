import { beforeAll, expect, it } from 'vitest';
import { configSchema } from '../../config/index.js';
import { type ModelFolder, openModel } from '../../models/index.js';
import { type PlannedDevice, planDevices } from '../../pool/device-plan.js';
import { createShardSetup } from '../../pool/shard-setup.js';
import { pocketDir } from '../support/pocket-samples.js';

const config = configSchema.parse({ devices: { use: ['cuda', 'cpu'], threadsPerDevice: 2 } });
const machine = {
  coreCount: 8,
  memoryBytes: 32e9,
  gpus: [{ index: 0, uuid: 'GPU-a', name: 'H100', memoryBytes: 80e9, freeBytes: 79e9 }],
  hasCudaProvider: true,
};
const [cuda, cpu] = planDevices(config.devices, machine);
const graphs = { vision: 'v.onnx', prefill: 'p.onnx', decode: 'd.onnx', layout: 'l.onnx' };

let model: ModelFolder;
beforeAll(async () => {
  model = await openModel(pocketDir);
});
const detectorOf = (device: PlannedDevice, shard: number, parts: object = {}) =>
  createShardSetup(device, shard, {
    config,
    model,
    graphs,
    engineModule: undefined,
    faults: [],
    detecting: ['cuda'],
    ...parts,
  }).detector;

it('gives the layout detector to the first shard of a CUDA device alone', () => {
  expect(detectorOf(cuda, 0)).toEqual({ graphPath: 'l.onnx', size: { width: 640, height: 640 } });
  expect(detectorOf(cuda, 1)).toBeUndefined();
  expect(detectorOf(cpu, 0)).toBeUndefined();
});

it('gives none where the model has none', () => {
  const { layout: _, ...others } = graphs;
  expect(detectorOf(cuda, 0, { graphs: others })).toBeUndefined();
  expect(detectorOf(cuda, 0, { model: { ...model, layout: undefined } })).toBeUndefined();
});
