import type { BenchOptions } from './bench-options.js';

export interface LoadPlan {
  /** Requests that are not counted, before the loads of each input. */
  readonly warmup: number;
  /** Of each load at most. */
  readonly durationMs: number;
  readonly loads: readonly { readonly concurrency: number; readonly requestCount: number }[];
  /** All of one input together. */
  readonly requestCount: number;
}

/** One alone for the latency, then enough to fill a card, and to fill the three threads a card has at most. */
const gpuConcurrency = [1, 32, 96];
const cpuConcurrency = [1, 4];
/** Enough for a median where one request is in flight, and for a steady state where many are. */
const defaultRequests = (concurrency: number): number => Math.max(20, 4 * concurrency);
const defaultDurationMs = 60_000;
const most = { requests: 1_000_000, durationMs: 86_400_000 };
/** Kernels are chosen when a size was seen several times. */
const leastWarmup = 8;

/** The loads of one input: as the options say, and where they say nothing as suits the devices (none: unknown ones). */
export function planLoads(
  options: Pick<BenchOptions, 'concurrency' | 'requests' | 'durationMs' | 'warmup'>,
  devices: readonly { readonly id: string }[],
): LoadPlan {
  const isCpuOnly = devices.length > 0 && devices.every(({ id }) => id.startsWith('cpu'));
  const levels = options.concurrency ?? (isCpuOnly ? cpuConcurrency : gpuConcurrency);
  const isFree = options.requests === null && options.durationMs === null;
  const loads = levels.map((concurrency) => ({
    concurrency,
    requestCount: options.requests ?? (isFree ? defaultRequests(concurrency) : most.requests),
  }));
  const warmup = options.warmup ?? Math.max(leastWarmup, ...levels);
  return {
    warmup,
    durationMs: options.durationMs ?? (isFree ? defaultDurationMs : most.durationMs),
    loads,
    requestCount: loads.reduce((sum, { requestCount }) => sum + requestCount, warmup),
  };
}
