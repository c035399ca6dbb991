import { access, constants, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { findCuda } from '#pool';
import { describeFileError } from '../batch/find-inputs.js';
import { type ExitCode, exitCodes } from '../commands/exit-code.js';
import { quireVersion } from '../quire-version.js';
import { BenchError } from './bench-error.js';
import type { BenchOptions } from './bench-options.js';
import { openBenchProgress } from './bench-progress.js';
import { describeMachine } from './describe-machine.js';
import { formatReport } from './format-report.js';
import { measureTarget } from './measure-target.js';
import { openTargets } from './open-targets.js';
import { readPages } from './read-pages.js';
import type { BenchReport } from './report.js';

/** Measures, prints the table, writes the JSON. */
export async function runBenchmark(options: BenchOptions): Promise<ExitCode> {
  if (options.jsonPath !== undefined && options.jsonPath !== '-') await checkFolder(options.jsonPath);
  const pages = options.pages.length > 0 ? await readPages(options.pages) : [];
  const stop = new AbortController();
  onInterrupt(() => stop.abort(new Error('called off')));
  const cuda = findCuda(process.env);
  const progress = openBenchProgress(options.isQuiet);
  const report: BenchReport = {
    version: 1,
    quire: quireVersion(),
    startedAt: new Date().toISOString(),
    isPartial: false,
    machine: describeMachine(cuda),
    settings: {
      concurrency: [...(options.concurrency ?? [])],
      requests: options.requests,
      durationMs: options.durationMs ?? 0,
      warmup: options.warmup ?? 0,
      timeoutMs: options.timeoutMs,
      prompt: options.prompt,
    },
    runs: [],
    notes: [],
  };
  let fault: unknown;
  try {
    for await (const target of openTargets(options.target, {
      gpus: cuda.gpus,
      signal: stop.signal,
      note: progress.note,
    })) {
      await measureTarget(target, { options, pages, report, progress, stop });
      if (stop.signal.aborted) break;
    }
  } catch (error) {
    fault = error;
  } finally {
    progress.stop();
  }
  const isInterrupted = stop.signal.aborted && !(stop.signal.reason instanceof BenchError);
  if (stop.signal.reason instanceof BenchError) fault = stop.signal.reason;
  report.isPartial = stop.signal.aborted || fault !== undefined;
  if (report.runs.some(({ points }) => points.length > 0)) await deliver(report, options.jsonPath);
  if (isInterrupted) return exitCodes.interrupted;
  if (fault !== undefined) throw fault;
  const hasFailures = report.runs.some(({ points }) => points.some(({ failedCount }) => failedCount > 0));
  return hasFailures ? exitCodes.failed : exitCodes.done;
}

async function deliver(report: BenchReport, jsonPath: string | undefined): Promise<void> {
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (jsonPath === '-') {
    process.stdout.write(json);
    return;
  }
  process.stdout.write(formatReport(report));
  if (jsonPath !== undefined) await writeFile(jsonPath, json).catch((error) => refuseFile(jsonPath, error));
}

/** Told before the measurement, not after it. */
async function checkFolder(jsonPath: string): Promise<void> {
  await access(dirname(resolve(jsonPath)), constants.W_OK).catch((error) => refuseFile(jsonPath, error));
}

function refuseFile(path: string, error: unknown): never {
  throw new BenchError('REPORT_UNWRITABLE', `${path} cannot be written: ${describeFileError(error)}`);
}

function onInterrupt(stop: () => void): void {
  let isStopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // The server that was started goes down with this process.
      if (isStopping) process.exit(exitCodes.interrupted);
      isStopping = true;
      stop();
    });
  }
}
