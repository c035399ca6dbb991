import { expect, it } from 'vitest';
import { configSchema } from '../../config/index.js';
import { planDevices } from '../../pool/device-plan.js';

const machine = { coreCount: 8, memoryBytes: 16 * 1024 ** 3 };
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

it('names a device it cannot use', () => {
  expect(() => plan({ use: ['cpu', 'remote:http://host:6006'] })).toThrow(/remote/);
});
