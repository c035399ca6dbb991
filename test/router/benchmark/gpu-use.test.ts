import { describe, expect, it } from 'vitest';
import { cardsOfDevices } from '../../../router/benchmark/cards-of-devices.js';
import { summarizeGpus, watchGpus } from '../../../router/benchmark/gpu-use.js';
import { isThisMachine } from '../../../router/benchmark/url-target.js';
import { parseGpuReadings } from '../../../router/metrics/gpu-readings.js';

const [a, b] = ['GPU-22cc6aea-2c9e-48a9-4c41-c6bac08fa8c1', 'GPU-aaaaaaaa-2c9e-48a9-4c41-c6bac08fa8c1'];
/** As an H200 answers, with a second card. */
const at = (atMs: number, first: string, second: string) => ({
  atMs,
  gpus: parseGpuReadings(`0, ${a}, ${first}, 38\n1, ${b}, ${second}, 40\n`),
});
const samples = [
  at(0, '50, 1024, 143771, 100.00', '0, 512, 143771, 80.00'),
  at(1000, '100, 3072, 143771, 300.00', '0, 512, 143771, 80.00'),
  at(3000, '90, 2048, 143771, 500.00', '0, 512, 143771, 80.00'),
];

describe('what the cards spent', () => {
  it('is the peak of memory, the means of use and power, and power times time', () => {
    const use = summarizeGpus(samples, new Set([a]));
    expect(use).toMatchObject({ sampleCount: 3, memoryPeakBytes: 3 * 1024 ** 3, powerWatts: 300 });
    expect(use?.utilization).toBeCloseTo(0.8);
    expect(use?.energyJoules).toBeCloseTo(200 + 800);
    expect(use?.cards.map(({ index, uuid }) => [index, uuid])).toEqual([['0', a]]);
  });

  it('adds up memory, power and energy of several cards, and takes the mean of their use', () => {
    const use = summarizeGpus(samples, new Set([a, b]));
    expect(use).toMatchObject({ memoryPeakBytes: 3584 * 1024 ** 2, powerWatts: 380 });
    expect(use?.utilization).toBeCloseTo(0.4);
    expect(use?.energyJoules).toBeCloseTo(1240);
  });

  it('says nothing of power where a card does not tell it', () => {
    const silent = [at(0, '50, 1024, 143771, 100.00', '0, 512, 143771, [N/A]')];
    const use = summarizeGpus(silent, new Set([a, b]));
    expect(use).toMatchObject({ powerWatts: null, energyJoules: null, utilization: 0.25 });
    expect(use?.cards[0]).toMatchObject({ powerWatts: 100, energyJoules: 0 });
  });

  it('is nothing where none of the cards was seen', () => {
    expect(summarizeGpus(samples, new Set())).toBeNull();
    expect(summarizeGpus([], new Set([a]))).toBeNull();
  });
});

describe('watching the cards', () => {
  it('reads at the start and at the end, and forgives a reading that fails', async () => {
    let calls = 0;
    const watch = watchGpus(async () => {
      if (++calls === 1) throw new Error('busy');
      return samples[0].gpus;
    });
    const seen = await watch.end();
    expect(calls).toBe(2);
    expect(seen).toHaveLength(1);
  });

  it('ends with nothing where they can never be read', async () => {
    expect(
      await watchGpus(async () => {
        throw new Error('no such file');
      }).end(),
    ).toBeNull();
  });
});

describe('the cards of a target', () => {
  const gpu = (index: number, uuid: string) => ({ index, uuid, name: 'NVIDIA H200', memoryBytes: 1, freeBytes: 1 });
  const gpus = [gpu(0, b), gpu(1, a)];

  it('are those its devices name, as CUDA counts the visible ones', () => {
    expect(cardsOfDevices([{ id: 'cuda:1' }, { id: 'cpu:0' }], gpus)).toEqual([a]);
    expect(cardsOfDevices([{ id: `cuda:${b}` }], gpus)).toEqual([b]);
    expect(cardsOfDevices([{ id: 'cpu:0' }], gpus)).toEqual([]);
  });

  it('are all visible ones where it does not tell', () => {
    expect(cardsOfDevices(null, gpus)).toEqual([b, a]);
  });

  it.each([
    ['http://127.0.0.1:8000', true],
    ['http://localhost', true],
    ['http://[::1]:8000/x', true],
    ['http://127.0.0.1.example.com', false],
    ['http://10.0.0.1:8000', false],
  ])('at %s can be read from here: %s', (url, expected) => {
    expect(isThisMachine(url)).toBe(expected);
  });
});
