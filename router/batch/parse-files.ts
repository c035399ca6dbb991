import { statSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '#config';
import { type DocumentResult, openPool, type Pool, PoolError } from '#pool';
import { type ExitCode, exitCodes } from '../commands/exit-code.js';
import { countFailedBlocks, toDocumentBody } from '../document-body.js';
import { type BatchProgress, openBatchProgress } from './batch-progress.js';
import { type BatchInput, describeFileError, findInputs } from './find-inputs.js';
import { outputPaths } from './output-paths.js';
import { readInput } from './read-input.js';
import { writeResult } from './write-result.js';

export interface ParseFilesOptions {
  readonly outputDir?: string;
  readonly format: 'md' | 'json';
  readonly pages?: string;
  /** Whether results beside the inputs may replace files; those in `outputDir` always may. */
  readonly mayOverwrite: boolean;
  readonly isQuiet: boolean;
}

/** Documents in work at once: enough to keep every device busy while files are read and written. */
const documentsAtOnce = 8;

/** Where results go: printed, or one path an input. */
type Destination = readonly string[] | 'print';

/** Reads files in this process, without a server, and writes the results. */
export async function parseFiles(
  paths: readonly string[],
  config: Config,
  options: ParseFilesOptions,
): Promise<ExitCode> {
  // A closed pipe (`quire parse page.png | head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const { inputs, problems, hasFolder } = await findInputs(paths);
  let failureCount = problems.length;
  for (const { label, reason } of problems) complain(`${label}: ${reason}`);
  if (inputs.length === 0) return exitCodes.failed;

  const destination = destinationOf(inputs, hasFolder, options);
  const stop = new AbortController();
  onInterrupt(() => stop.abort());
  let isCompiling = false;
  const pool = await openPool({
    config,
    onProgress() {
      if (!isCompiling && process.stderr.isTTY) complain('compiling the model; the next start finds it in the cache');
      isCompiling = true;
    },
  });
  const progress = openBatchProgress(inputs.length, options.isQuiet || destination === 'print');
  const forget = pool.onEvent((event) => {
    if (event.type === 'device-state' && (event.state === 'down' || event.state === 'broken')) {
      progress.note(`quire: ${event.device} is ${event.state}${event.reason ? `: ${event.reason}` : ''}`);
    }
  });
  const queue = inputs.entries();
  const work = async (): Promise<void> => {
    for (const [index, input] of queue) {
      if (stop.signal.aborted) return;
      const problem = await parseOne(input, { pool, config, options, progress, signal: stop.signal }).then(
        (document) => deliver(document, destination, index, options),
        describeFailure,
      );
      if (stop.signal.aborted) return;
      if (problem) {
        failureCount++;
        progress.note(`quire: ${input.label}: ${problem}`);
      }
      progress.fileDone();
    }
  };
  try {
    await pool.whenReady();
    await Promise.all(Array.from({ length: Math.min(documentsAtOnce, inputs.length) }, work));
  } finally {
    progress.stop();
    forget();
    await pool.close({ drainMs: 0 });
  }
  if (stop.signal.aborted) return exitCodes.interrupted;
  return failureCount > 0 ? exitCodes.failed : exitCodes.done;
}

interface ParseOneParts {
  readonly pool: Pool;
  readonly config: Config;
  readonly options: ParseFilesOptions;
  readonly progress: BatchProgress;
  readonly signal: AbortSignal;
}

async function parseOne(input: BatchInput, parts: ParseOneParts): Promise<DocumentResult> {
  const { pool, config, options, progress, signal } = parts;
  const bytes = await readInput(input, config.pool.maxHeldBytes);
  for (;;) {
    try {
      const run = pool.parse({ bytes }, { pages: options.pages, priority: 'batch', signal });
      run.result.catch(() => {});
      for await (const event of run) if (event.type === 'page-done') progress.pageDone();
      return await run.result;
    } catch (error) {
      // The pool is full of our own documents: wait for them. Alone and refused is a refusal.
      const isFull = error instanceof PoolError && error.code === 'OVERLOADED' && pool.stats().documentsInFlight > 0;
      if (!isFull) throw error;
      await pause(Math.min(1000, Number(error.detail.retryAfterMs ?? 1000)), undefined, { signal });
    }
  }
}

/** Prints or writes a result; returns what is wrong with it, if anything. */
async function deliver(
  document: DocumentResult,
  destination: Destination,
  index: number,
  { format, outputDir, mayOverwrite }: ParseFilesOptions,
): Promise<string | undefined> {
  const text =
    format === 'json' ? `${JSON.stringify(toDocumentBody(document), null, 2)}\n` : endLine(document.markdown);
  if (destination === 'print') {
    await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
  } else {
    const path = destination[index];
    try {
      const mayReplace = mayOverwrite || outputDir !== undefined;
      if (!(await writeResult(path, text, mayReplace))) return `${path} is there already; --overwrite replaces it`;
    } catch (error) {
      return `${path} cannot be written: ${describeFileError(error)}`;
    }
  }
  const failedCount = countFailedBlocks(document.pages);
  return failedCount > 0 ? `${failedCount} of its blocks could not be read` : undefined;
}

function destinationOf(inputs: readonly BatchInput[], hasFolder: boolean, options: ParseFilesOptions): Destination {
  const { format, outputDir } = options;
  if (inputs.length === 1 && !hasFolder) {
    if (outputDir === undefined) return 'print';
    // `-o page.md` means that file, unless it is a folder already.
    const isFileName = extname(outputDir).toLowerCase() === `.${format}`;
    if (isFileName && !statSync(outputDir, { throwIfNoEntry: false })?.isDirectory()) {
      return [resolve(dirname(outputDir), basename(outputDir))];
    }
  }
  return outputPaths(inputs, format, outputDir);
}

function describeFailure(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined && /^E[A-Z0-9]+$/.test(code)) return describeFileError(error);
  return code === undefined ? message : `${message} (${code})`;
}

function onInterrupt(stop: () => void): void {
  let isStopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // See stop-signals.ts: leaving in the middle of a run aborts with a core dump.
      if (isStopping) process.kill(process.pid, 'SIGKILL');
      isStopping = true;
      stop();
    });
  }
}

function complain(line: string): void {
  process.stderr.write(`quire: ${line}\n`);
}

function endLine(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
