import type { StageTimings } from '#pool';

/** The stages as a `Server-Timing` header (milliseconds); sums over crops where a stage runs per crop. */
export function serverTiming(timings: StageTimings): string {
  const stages = {
    prepare: timings.prepareMs,
    detect: timings.detectMs,
    queue: timings.queueMs,
    vision: timings.visionMs,
    prefill: timings.prefillMs,
    decode: timings.decodeMs,
    total: timings.totalMs,
  };
  return Object.entries(stages)
    .map(([name, ms]) => `${name};dur=${Math.round(ms * 10) / 10}`)
    .join(', ');
}
