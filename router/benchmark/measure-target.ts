import { BenchError } from './bench-error.js';
import type { BenchOptions } from './bench-options.js';
import type { BenchProgress } from './bench-progress.js';
import { describeWork } from './describe-work.js';
import { measureLoad } from './measure-load.js';
import type { OpenTarget } from './open-target.js';
import { preparePages } from './prepare-pages.js';
import { prepareShape } from './prepare-shape.js';
import type { PreparedWork, WorkOptions } from './prepared-work.js';
import type { BenchReport, BenchRun } from './report.js';
import { runLoad } from './run-load.js';

/** One alone for the latency, then enough to fill a card, and to fill the three threads a card has at most. */
const gpuConcurrency = [1, 32, 96];
const cpuConcurrency = [1, 4];
/** Enough for a median where one request is in flight, and for a steady state where many are. */
const requestsOf = (concurrency: number): number => Math.max(20, 4 * concurrency);
/** Kernels are chosen when a size was seen several times. */
const leastWarmup = 8;

export interface MeasureTargetParts {
  readonly options: BenchOptions;
  readonly report: BenchReport;
  readonly progress: BenchProgress;
  readonly stop: AbortController;
}

/** All points of one target, added to the report as they are finished. */
export async function measureTarget(
  target: OpenTarget,
  { options, report, progress, stop }: MeasureTargetParts,
): Promise<void> {
  const { signal } = stop;
  const run: BenchRun = { target: target.about, points: [] };
  report.runs.push(run);
  void target.died.then((reason) => stop.abort(new BenchError('TARGET_DIED', reason)));

  const levels = options.concurrency ?? chooseConcurrency(target);
  const requests = (concurrency: number): number => options.requests ?? requestsOf(concurrency);
  const warmup = options.warmup ?? Math.max(leastWarmup, ...levels);
  report.settings = { ...report.settings, concurrency: [...levels], warmup };
  const sendingCount = warmup + levels.reduce((sum, level) => sum + requests(level), 0);
  const workOptions: WorkOptions = {
    target,
    prompt: options.prompt,
    timeoutMs: options.timeoutMs,
    signal,
    note(line) {
      if (!report.notes.includes(line)) report.notes.push(line);
    },
  };
  const prepare: (() => Promise<PreparedWork>)[] = [
    ...options.shapes.map((shape) => () => prepareShape(shape, sendingCount, workOptions)),
    ...(options.pages.length > 0 ? [() => preparePages(options.pages, workOptions)] : []),
  ];
  for (const prepareWork of prepare) {
    progress.note('making ready …');
    const { about, send } = await prepareWork();
    if (signal.aborted) return;
    const label = describeWork(about);
    const load = { durationMs: options.durationMs, signal, send };
    if (warmup > 0) {
      progress.start(`${label}: warming up`, warmup);
      await runLoad({
        ...load,
        concurrency: Math.max(...levels),
        requestCount: warmup,
        onSample: progress.count,
      });
    }
    let sentCount = warmup;
    for (const concurrency of levels) {
      if (signal.aborted) return;
      const requestCount = requests(concurrency);
      progress.start(`${label}: ${concurrency} in flight`, requestCount);
      const point = await measureLoad(about, target.gpuUuids, {
        ...load,
        concurrency,
        requestCount,
        onSample: progress.count,
      });
      sentCount += point.answeredCount + point.failedCount;
      if (point.answeredCount + point.failedCount > 0) run.points.push(point);
      progress.note(`${label}, ${concurrency} in flight: ${point.imagesPerSecond.toFixed(2)} images/s`);
    }
    if (about.kind === 'shape' && sentCount > about.pictureCount) {
      workOptions.note(`${label}: ${about.pictureCount} pictures were sent more than once; a cache gains by it.`);
    }
  }
}

function chooseConcurrency({ about: { devices } }: OpenTarget): readonly number[] {
  const isCpuOnly = devices.length > 0 && devices.every(({ id }) => id.startsWith('cpu'));
  return isCpuOnly ? cpuConcurrency : gpuConcurrency;
}
