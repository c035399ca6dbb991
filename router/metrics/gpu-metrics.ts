import { Counter, Gauge, type Registry } from 'prom-client';
import { type DeviceStatus, type Pool, visibleGpus } from '#pool';
import { type GpuReading, readGpus } from './gpu-readings.js';

/** A reading is shared by the scrapes of this time, so that many scrapers start few processes. */
const readingLifeMs = 1000;

const labelNames = ['device', 'index', 'uuid'] as const;

/**
 * The GPUs that devices of the pool run on. Nothing is started on a host without CUDA devices, and where
 * `nvidia-smi` fails the series are simply absent. The labels `index` and `uuid` join with those of DCGM.
 */
export function createGpuMetrics(
  registry: Registry,
  pool: Pick<Pool, 'devices'>,
  read: () => Promise<readonly GpuReading[]> = readGpus,
  now: () => number = () => performance.now(),
): void {
  let latest: Promise<readonly GpuReading[]> = Promise.resolve([]);
  let readAt = Number.NEGATIVE_INFINITY;
  let joules = new Map<string, number>();
  let countedAt = Number.NaN;

  const current = (): Promise<readonly GpuReading[]> => {
    if (now() - readAt < readingLifeMs) return latest;
    readAt = now();
    const hasCuda = pool.devices().some((device) => device.kind === 'cuda');
    latest = hasCuda ? read().catch(() => []) : Promise.resolve([]);
    return latest;
  };
  const gauge = (name: string, help: string, value: (gpu: GpuReading) => number): void => {
    new Gauge({
      name: `quire_gpu_${name}`,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        const gpus = await current();
        this.reset();
        for (const { labels, gpu } of ownGpus(gpus, pool.devices())) {
          if (Number.isFinite(value(gpu))) this.set(labels, value(gpu));
        }
      },
    });
  };

  gauge('utilization_ratio', 'Share of time in which the GPU ran a kernel.', (gpu) => gpu.utilization);
  gauge('memory_used_bytes', 'Memory of the GPU in use, by anyone.', (gpu) => gpu.memoryUsedBytes);
  gauge('memory_bytes', 'Memory of the GPU.', (gpu) => gpu.memoryBytes);
  gauge('power_watts', 'Power the GPU draws.', (gpu) => gpu.powerWatts);
  gauge('temperature_celsius', 'Temperature of the GPU.', (gpu) => gpu.temperatureCelsius);
  new Counter({
    name: 'quire_gpu_energy_joules_total',
    help: 'Energy the GPU took while it was watched: its power at each scrape, times the time since the one before.',
    labelNames,
    registers: [registry],
    async collect() {
      const gpus = await current();
      const seconds = Number.isNaN(countedAt) ? 0 : (now() - countedAt) / 1000;
      countedAt = now();
      this.reset();
      const sums = new Map<string, number>();
      for (const { labels, gpu } of ownGpus(gpus, pool.devices())) {
        const sum = (joules.get(gpu.uuid) ?? 0) + (Number.isFinite(gpu.powerWatts) ? gpu.powerWatts * seconds : 0);
        sums.set(gpu.uuid, sum);
        this.inc(labels, sum);
      }
      // A card that one reading missed keeps its sum: a counter must not fall.
      joules = new Map([...joules, ...sums]);
    },
  });
}

/**
 * GPUs with the device of the pool that runs on each. A device names its card by UUID or by its number among those that
 * CUDA may see; nvidia-smi, and the label `index`, count all.
 */
function ownGpus(
  gpus: readonly GpuReading[],
  devices: readonly DeviceStatus[],
): { labels: Record<(typeof labelNames)[number], string>; gpu: GpuReading }[] {
  const all = gpus.map(({ index, uuid }) => ({ index: Number(index), uuid }));
  const numbers = new Map(
    visibleGpus(all, process.env.CUDA_VISIBLE_DEVICES).map(({ index, uuid }) => [uuid, index] as const),
  );
  return gpus.flatMap((gpu) => {
    const number = numbers.get(gpu.uuid);
    const device = devices.find(({ id }) => id === `cuda:${number}` || id === `cuda:${gpu.uuid}`);
    return device ? [{ labels: { device: device.id, index: gpu.index, uuid: gpu.uuid }, gpu }] : [];
  });
}
