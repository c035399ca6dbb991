import { distributionOf } from './distribution.js';
import type { BenchPoint, BenchWork } from './report.js';
import type { LoadResult } from './run-load.js';
import type { Sample } from './sample.js';

/** Messages of a target may all differ. */
const mostFailureNames = 20;

/** The figures of a load that its samples tell: all but those of the GPU and of this program. */
export function summarizeLoad(
  work: BenchWork,
  concurrency: number,
  { samples, seconds, isPartial }: LoadResult,
): Omit<BenchPoint, 'gpu' | 'clientBusy'> {
  const answered = samples.filter(({ failure }) => failure === null);
  const perSecond = (amount: number): number => (seconds > 0 ? amount / seconds : 0);
  const outputs = numbers(answered, ({ outputTokens }) => outputTokens);
  const isCounted = outputs.length > 0 && outputs.length === answered.length;
  const asked = work.kind === 'shape' ? work.outputTokens : 0;
  return {
    work,
    concurrency,
    answeredCount: answered.length,
    failedCount: samples.length - answered.length,
    failures: countFailures(samples),
    isPartial,
    seconds,
    imagesPerSecond: perSecond(sum(answered.map(({ imageCount }) => imageCount))),
    outputTokensPerSecond: isCounted ? perSecond(sum(outputs)) : null,
    promptTokens: distributionOf(numbers(answered, ({ promptTokens }) => promptTokens))?.mean ?? null,
    outputTokens: isCounted ? sum(outputs) / outputs.length : null,
    shortCount: outputs.filter((tokens) => tokens < asked).length,
    firstTokenMs: distributionOf(numbers(answered, ({ firstMs }) => firstMs)),
    tokenMs: distributionOf(numbers(answered, tokenMsOf)),
    totalMs: distributionOf(answered.map(({ totalMs }) => totalMs)),
  };
}

function countFailures(samples: readonly Sample[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { failure } of samples) {
    if (failure === null) continue;
    const name = counts.has(failure) || counts.size < mostFailureNames ? failure : 'other';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}

/** Time per token after the first, which has a time of its own. */
function tokenMsOf({ firstMs, totalMs, outputTokens }: Sample): number | null {
  if (firstMs === null || outputTokens === null || outputTokens < 2) return null;
  return (totalMs - firstMs) / (outputTokens - 1);
}

function numbers(samples: readonly Sample[], of: (sample: Sample) => number | null): number[] {
  return samples.map(of).filter((value): value is number => value !== null);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
