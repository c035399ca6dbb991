import type { StageTimings } from './pool.js';

export const noTimings: StageTimings = {
  prepareMs: 0,
  detectMs: 0,
  queueMs: 0,
  visionMs: 0,
  prefillMs: 0,
  decodeMs: 0,
  totalMs: 0,
  cropCount: 0,
  imageTokenCount: 0,
  outputTokenCount: 0,
};

/** Milliseconds of shards. */
export function deviceMsOf({ visionMs, prefillMs, decodeMs }: StageTimings): number {
  return visionMs + prefillMs + decodeMs;
}

/** Adds up parts, field by field; `totalMs` is the caller's, as parts overlap. */
export function sumTimings(parts: readonly StageTimings[], totalMs: number): StageTimings {
  const sum: { -readonly [Name in keyof StageTimings]: number } = { ...noTimings };
  for (const part of parts) for (const name of Object.keys(sum) as (keyof StageTimings)[]) sum[name] += part[name];
  return { ...sum, totalMs };
}
