import { setMaxListeners } from 'node:events';
import { BenchError } from './bench-error.js';
import type { BenchOptions } from './bench-options.js';
import type { BenchProgress } from './bench-progress.js';
import { describeWork } from './describe-work.js';
import { measureLoad } from './measure-load.js';
import type { OpenTarget } from './open-target.js';
import { planLoads } from './plan-loads.js';
import { preparePages } from './prepare-pages.js';
import { prepareShape } from './prepare-shape.js';
import type { PreparedWork, WorkOptions } from './prepared-work.js';
import type { PageFile } from './read-pages.js';
import type { BenchReport, BenchRun } from './report.js';
import { runLoad } from './run-load.js';

export interface MeasureTargetParts {
  readonly options: BenchOptions;
  readonly pages: readonly PageFile[];
  readonly report: BenchReport;
  readonly progress: BenchProgress;
  readonly stop: AbortController;
}

/** All points of one target, added to the report as they are finished. */
export async function measureTarget(
  target: OpenTarget,
  { options, pages, report, progress, stop }: MeasureTargetParts,
): Promise<void> {
  const { signal } = stop;
  // Every request listens to it.
  setMaxListeners(0, signal);
  const run: BenchRun = { target: target.about, points: [] };
  report.runs.push(run);
  void target.died.then((reason) => stop.abort(new BenchError('TARGET_DIED', reason)));

  const plan = planLoads(options, target.about.devices);
  const { warmup, durationMs, loads } = plan;
  report.settings = {
    ...report.settings,
    concurrency: loads.map(({ concurrency }) => concurrency),
    durationMs,
    warmup,
  };
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
    ...options.shapes.map((shape) => () => prepareShape(shape, plan.requestCount, workOptions)),
    ...(pages.length > 0 ? [async () => preparePages(pages, workOptions)] : []),
  ];
  for (const prepareWork of prepare) {
    progress.note('making ready …');
    const { about, send } = await prepareWork();
    if (signal.aborted) return;
    const label = describeWork(about);
    const load = { durationMs, signal, send, onSample: progress.count };
    if (warmup > 0) {
      progress.start(`${label}: warming up`, { requestCount: warmup, durationMs });
      const concurrency = Math.max(...loads.map((planned) => planned.concurrency));
      await runLoad({ ...load, concurrency, requestCount: warmup });
    }
    let sentCount = warmup;
    for (const { concurrency, requestCount } of loads) {
      if (signal.aborted) return;
      progress.start(`${label}: ${concurrency} in flight`, { requestCount, durationMs });
      const point = await measureLoad(about, target.gpuUuids, { ...load, concurrency, requestCount });
      sentCount += point.answeredCount + point.failedCount;
      if (point.answeredCount + point.failedCount > 0) run.points.push(point);
      progress.note(`${label}, ${concurrency} in flight: ${point.imagesPerSecond.toFixed(2)} images/s`);
    }
    if (about.kind === 'shape' && sentCount > about.pictureCount) {
      workOptions.note(`${label}: ${about.pictureCount} pictures were sent more than once; a cache gains by it.`);
    }
  }
}
