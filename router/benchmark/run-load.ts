import { setTimeout as pause } from 'node:timers/promises';
import type { Sample, Send } from './sample.js';

export interface LoadOptions {
  /** Requests in flight at any time: each that ends makes room for the next. */
  readonly concurrency: number;
  readonly requestCount: number;
  /** No request is started after this; those in flight are awaited. */
  readonly durationMs: number;
  readonly signal: AbortSignal;
  readonly send: Send;
  readonly onSample?: (sample: Sample) => void;
}

export interface LoadResult {
  readonly samples: readonly Sample[];
  /** From the first sending to the last answer, start and end of the load included. */
  readonly seconds: number;
  /** Called off before its end. */
  readonly isPartial: boolean;
}

/** A target that refuses is not asked again at once, by any of the connections. */
const restAfterFailureMs = { least: 200, most: 5000 };

/** Keeps so many requests in flight until their number or their time is up. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { concurrency, requestCount, durationMs, signal, send, onSample } = options;
  const samples: Sample[] = [];
  const startedAt = performance.now();
  let endedAt = startedAt;
  let startedCount = 0;
  const mayStart = (): boolean =>
    startedCount < requestCount &&
    !signal.aborted &&
    (startedCount === 0 || performance.now() - startedAt < durationMs);

  const work = async (): Promise<void> => {
    while (mayStart()) {
      startedCount++;
      const sample = await send(signal);
      if (!sample) return;
      endedAt = performance.now();
      samples.push(sample);
      onSample?.(sample);
      if (sample.failure === null) continue;
      const { least, most } = restAfterFailureMs;
      await pause(Math.min(most, Math.max(least, sample.retryAfterMs)), undefined, { signal }).catch(() => {});
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, requestCount) }, work));
  return { samples, seconds: (endedAt - startedAt) / 1000, isPartial: signal.aborted };
}
