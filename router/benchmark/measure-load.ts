import { performance } from 'node:perf_hooks';
import { summarizeGpus, watchGpus } from './gpu-use.js';
import type { BenchPoint, BenchWork, GpuUse } from './report.js';
import { type LoadOptions, runLoad } from './run-load.js';
import { summarizeLoad } from './summarize-load.js';

/** Runs a load while the cards of the target are watched. */
export async function measureLoad(
  work: BenchWork,
  gpuUuids: ReadonlySet<string>,
  load: LoadOptions,
): Promise<BenchPoint> {
  const watch = gpuUuids.size > 0 ? watchGpus() : null;
  const busyBefore = performance.eventLoopUtilization();
  const result = await runLoad(load);
  const { utilization: clientBusy } = performance.eventLoopUtilization(busyBefore);
  const samples = (await watch?.end()) ?? [];
  const point = summarizeLoad(work, load.concurrency, result);
  const use = summarizeGpus(samples, gpuUuids);
  return { ...point, gpu: use && withEfficiency(use, point.imagesPerSecond), clientBusy };
}

function withEfficiency(use: Omit<GpuUse, 'imagesPerSecondPerWatt'>, imagesPerSecond: number): GpuUse {
  const { powerWatts } = use;
  return {
    ...use,
    imagesPerSecondPerWatt: powerWatts === null || powerWatts === 0 ? null : imagesPerSecond / powerWatts,
  };
}
