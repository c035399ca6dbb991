import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import type { CudaFindings } from '#pool';
import type { BenchReport } from './report.js';

/** The machine this program runs on, so that a figure can be had again. */
export function describeMachine({ gpus, driver }: Pick<CudaFindings, 'gpus' | 'driver'>): BenchReport['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() || 'unknown',
    coreCount: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    loadAverage: loadavg()[0],
    driver,
    gpus: gpus.map(({ name, uuid, memoryBytes }) => ({ name, uuid, memoryBytes })),
  };
}
