import { describe, expect, it } from 'vitest';
import { configSchema } from '../../config/index.js';
import { type Machine, planDevices } from '../../pool/device-plan.js';

const gib = 1024 ** 3;
const machine: Machine = { coreCount: 8, memoryBytes: 16 * gib, gpus: [], hasCudaProvider: false };
const plan = (settings: object, on = machine) => planDevices(configSchema.parse({ devices: settings }).devices, on);

it('uses one cpu with all cores when nothing is said', () => {
  expect(plan({})).toMatchObject([{ id: 'cpu:0', isolation: 'thread', shardCount: 1, threadCount: 8 }]);
});

it('shares cores and memory among the devices', () => {
  const devices = plan({ use: ['cpu', 'cpu', 'cpu', 'cpu'], isolation: 'process' });
  expect(devices.map(({ id, threadCount }) => [id, threadCount])).toEqual([
    ['cpu:0', 2],
    ['cpu:1', 2],
    ['cpu:2', 2],
    ['cpu:3', 2],
  ]);
  expect(devices[0].isolation).toBe('process');
  expect(devices[0].kvBytes).toBe(plan({})[0].kvBytes / 4);
});

it('gives every shard a core at least', () => {
  expect(plan({ use: ['cpu', 'cpu', 'cpu'], threadsPerDevice: 2 }, { ...machine, coreCount: 2 })[2]).toMatchObject({
    shardCount: 2,
    threadCount: 1,
  });
});

it('takes the number of threads that is set', () => {
  expect(plan({ cpuThreads: 3 })[0].threadCount).toBe(3);
});

it('leaves other hosts out: they are no devices of this machine', () => {
  expect(plan({ use: ['cpu', 'remote:http://host:6006'] }).map(({ id }) => id)).toEqual(['cpu:0']);
  expect(plan({ use: ['remote:http://host:6006'] })).toEqual([]);
});

describe('with GPUs', () => {
  const gpus = [
    { index: 0, uuid: 'GPU-aaaa-1', name: 'NVIDIA H200', memoryBytes: 141 * gib, freeBytes: 140 * gib },
    { index: 1, uuid: 'GPU-bbbb-2', name: 'NVIDIA A10', memoryBytes: 24 * gib, freeBytes: 23 * gib },
    { index: 2, uuid: 'GPU-cccc-3', name: 'NVIDIA T4', memoryBytes: 8 * gib, freeBytes: 7 * gib },
  ];
  const host: Machine = { ...machine, gpus, hasCudaProvider: true };

  it('uses all of them when nothing is said, each in a process of its own, with threads by free memory', () => {
    expect(plan({}, host).map(({ id, isolation, shardCount }) => [id, isolation, shardCount])).toEqual([
      ['cuda:0', 'process', 3],
      ['cuda:1', 'process', 2],
      ['cuda:2', 'process', 1],
    ]);
    for (const { kvBytes, shardCount, target } of plan({}, host)) {
      const { freeBytes } = gpus[target.kind === 'cuda' ? target.index : -1];
      expect(kvBytes * shardCount).toBeLessThan(freeBytes / 2);
    }
  });

  it('takes them by number and by UUID, beside the CPU', () => {
    const devices = plan({ use: ['cuda:1', 'cpu', 'cuda:GPU-aaaa-1'] }, host);
    expect(devices.map(({ id }) => id)).toEqual(['cuda:1', 'cpu:0', 'cuda:0']);
  });

  it('keeps to the memory limit of a shard', () => {
    expect(plan({ use: ['cuda:0'], memoryLimitBytes: 5 * gib }, host)[0].kvBytes).toBeLessThan(5 * gib);
  });

  it('refuses a GPU that is not there, or named twice, and says which are', () => {
    expect(() => plan({ use: ['cuda:7'] }, host)).toThrow(/cuda:7.*cuda:2 \(GPU-cccc-3\)/);
    expect(() => plan({ use: ['cuda:0', 'cuda'] }, host)).toThrow(/cuda:0 is named twice/);
  });

  it('computes on the CPU where the provider is missing, and says so to who asks for CUDA', () => {
    expect(plan({}, { ...host, hasCudaProvider: false })[0].id).toBe('cpu:0');
    expect(() => plan({ use: ['cuda'] }, { ...host, hasCudaProvider: false })).toThrow(/provider.*quire doctor/);
  });
});
