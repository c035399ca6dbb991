import { Registry } from 'prom-client';
import { describe, expect, it, vi } from 'vitest';
import type { DeviceStatus } from '../../../pool/index.js';
import { createGpuMetrics } from '../../../router/metrics/gpu-metrics.js';
import { parseGpuReadings } from '../../../router/metrics/gpu-readings.js';
import { scriptedDevice } from '../../support/scripted-pool.js';

/** As an H200 answered, with a second card that does not tell its power. */
const csv = `0, GPU-22cc6aea-2c9e-48a9-4c41-c6bac08fa8c1, 50, 1024, 143771, 86.33, 38
1, GPU-aaaaaaaa-2c9e-48a9-4c41-c6bac08fa8c1, 0, 0, 143771, [N/A], [Not Supported]
`;

const cuda = (id: string): DeviceStatus => ({ ...scriptedDevice, id, kind: 'cuda' });

describe('GPU metrics', () => {
  it('read the CSV of nvidia-smi into base units', () => {
    const [first, second] = parseGpuReadings(csv);
    expect(first).toMatchObject({ index: '0', utilization: 0.5, memoryUsedBytes: 1024 ** 3, powerWatts: 86.33 });
    expect(second?.powerWatts).toBeNaN();
    expect(parseGpuReadings('')).toEqual([]);
    expect(parseGpuReadings('NVIDIA-SMI has failed')).toEqual([]);
  });

  it('name the device, the index and the UUID, and leave out what a card does not tell', async () => {
    const registry = new Registry();
    const devices = [cuda('cuda:0'), cuda('cuda:GPU-aaaaaaaa-2c9e-48a9-4c41-c6bac08fa8c1')];
    createGpuMetrics(registry, { devices: () => devices }, async () => parseGpuReadings(csv));
    const text = await registry.metrics();
    expect(text).toContain(
      'quire_gpu_utilization_ratio{device="cuda:0",index="0",uuid="GPU-22cc6aea-2c9e-48a9-4c41-c6bac08fa8c1"} 0.5',
    );
    expect(text).toMatch(/quire_gpu_memory_bytes\{device="cuda:GPU-aaaaaaaa[^}]*index="1"/);
    expect(text).not.toMatch(/quire_gpu_power_watts\{device="cuda:GPU-aaaaaaaa/);
  });

  it('follow CUDA in counting the cards it may see', async () => {
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '1');
    const registry = new Registry();
    createGpuMetrics(registry, { devices: () => [cuda('cuda:0')] }, async () => parseGpuReadings(csv));
    const text = await registry.metrics();
    vi.unstubAllEnvs();
    expect(text).toMatch(/quire_gpu_memory_bytes\{device="cuda:0",index="1",uuid="GPU-aaaaaaaa/);
    expect(text).not.toContain('GPU-22cc6aea');
  });

  it('count energy as power times time, and never fall', async () => {
    const registry = new Registry();
    let clock = 0;
    let readings = parseGpuReadings(csv);
    createGpuMetrics(
      registry,
      { devices: () => [cuda('cuda:0')] },
      async () => readings,
      () => clock,
    );
    const energy = async () =>
      Number(/quire_gpu_energy_joules_total\{[^}]*\} (\S+)/.exec(await registry.metrics())?.[1]);
    expect(await energy()).toBe(0);
    clock = 10_000;
    expect(await energy()).toBeCloseTo(863.3);
    readings = [];
    clock = 20_000;
    expect(await energy()).toBeNaN();
    readings = parseGpuReadings(csv);
    clock = 30_000;
    expect(await energy()).toBeGreaterThan(863.3);
  });

  it('ask only where a device runs on CUDA, and at most once a second', async () => {
    let calls = 0;
    let clock = 0;
    const read = async () => {
      calls++;
      return parseGpuReadings(csv);
    };
    const registry = new Registry();
    let devices: DeviceStatus[] = [scriptedDevice];
    createGpuMetrics(registry, { devices: () => devices }, read, () => clock);
    await registry.metrics();
    expect(calls).toBe(0);
    devices = [cuda('cuda:0')];
    clock = 5000;
    await Promise.all([registry.metrics(), registry.metrics()]);
    expect(calls).toBe(1);
  });

  it('are absent, and nothing else is hurt, where nvidia-smi fails', async () => {
    const registry = new Registry();
    createGpuMetrics(registry, { devices: () => [cuda('cuda:0')] }, async () => {
      throw new Error('no such file');
    });
    expect(await registry.metrics()).not.toMatch(/^quire_gpu_\w+\{/m);
  });
});
