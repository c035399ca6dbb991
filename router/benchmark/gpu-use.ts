import { type GpuReading, readGpus } from '../metrics/gpu-readings.js';
import type { CardUse, GpuUse } from './report.js';

/** The cards at a moment, in milliseconds of a steady clock. */
export interface GpuSample {
  readonly atMs: number;
  readonly gpus: readonly GpuReading[];
}

export interface GpuWatch {
  /** Ends the watch; null where the cards could not be read. */
  end(): Promise<GpuSample[] | null>;
}

const intervalMs = 500;
/** A load of many hours keeps every second sample, then every fourth, and so on. */
const mostSamples = 20_000;

/** Reads the cards again and again until told to end. One reading is awaited before the next is asked for. */
export function watchGpus(read: () => Promise<readonly GpuReading[]> = readGpus): GpuWatch {
  let samples: GpuSample[] = [];
  let isEnded = false;
  let wake = (): void => {};
  const rest = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, intervalMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const take = async (): Promise<void> => {
    samples.push({ atMs: performance.now(), gpus: await read() });
    if (samples.length > mostSamples) samples = samples.filter((_, index) => index % 2 === 0);
  };
  const watching = (async () => {
    for (;;) {
      const isLast = isEnded;
      // A reading now and then may fail; a machine without GPUs is known before.
      await take().catch(() => {});
      if (isLast) return;
      if (!isEnded) await rest();
    }
  })();
  return {
    async end() {
      isEnded = true;
      wake();
      await watching;
      return samples.length > 0 ? samples : null;
    },
  };
}

/** Means, peaks and energy of some cards over the samples; null where none of them was seen. */
export function summarizeGpus(
  samples: readonly GpuSample[],
  uuids: ReadonlySet<string>,
): Omit<GpuUse, 'imagesPerSecondPerWatt'> | null {
  const series = samples
    .map(({ atMs, gpus }) => ({ atMs, gpus: gpus.filter(({ uuid }) => uuids.has(uuid)) }))
    .filter(({ gpus }) => gpus.length > 0);
  if (series.length === 0) return null;
  const seen = [...new Map(series.flatMap(({ gpus }) => gpus).map((gpu) => [gpu.uuid, gpu])).values()];
  const cards = seen.map((card) => describeCard(card, series));
  const peaks = series.map(({ gpus }) => total(gpus.map(({ memoryUsedBytes }) => known(memoryUsedBytes))));
  const seenPeaks = peaks.filter((peak): peak is number => peak !== null);
  return {
    sampleCount: series.length,
    cards,
    memoryPeakBytes: seenPeaks.length > 0 ? Math.max(...seenPeaks) : null,
    utilization: mean(cards.map(({ utilization }) => utilization)),
    powerWatts: total(cards.map(({ powerWatts }) => powerWatts)),
    energyJoules: total(cards.map(({ energyJoules }) => energyJoules)),
  };
}

function describeCard({ index, uuid }: GpuReading, series: readonly GpuSample[]): CardUse {
  const own = series.flatMap(({ atMs, gpus }) => {
    const gpu = gpus.find((candidate) => candidate.uuid === uuid);
    return gpu ? [{ atMs, gpu }] : [];
  });
  const memory = own.map(({ gpu }) => known(gpu.memoryUsedBytes)).filter((bytes): bytes is number => bytes !== null);
  let energyJoules: number | null = 0;
  for (const [place, { atMs, gpu }] of own.entries()) {
    const before = own[place - 1];
    if (energyJoules === null || known(gpu.powerWatts) === null) energyJoules = null;
    else if (before) energyJoules += (((before.gpu.powerWatts + gpu.powerWatts) / 2) * (atMs - before.atMs)) / 1000;
  }
  return {
    index,
    uuid,
    memoryPeakBytes: memory.length > 0 ? Math.max(...memory) : null,
    utilization: mean(own.map(({ gpu }) => known(gpu.utilization))),
    powerWatts: mean(own.map(({ gpu }) => known(gpu.powerWatts))),
    energyJoules,
  };
}

/** What a card does not tell is NaN in a reading and null in a report. */
function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function mean(values: readonly (number | null)[]): number | null {
  const sum = total(values);
  return sum === null ? null : sum / values.length;
}

/** Null unless all are known: a sum without one card would look like a saving. */
function total(values: readonly (number | null)[]): number | null {
  if (values.length === 0) return null;
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return sum;
}
