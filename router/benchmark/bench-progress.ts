import { SingleBar } from 'cli-progress';

/** When a load ends, whichever comes first. */
export interface LoadEnd {
  readonly requestCount: number;
  readonly durationMs: number;
}

/** What the person at the terminal sees while it runs. */
export interface BenchProgress {
  start(label: string, end: LoadEnd): void;
  /** A request has ended. */
  readonly count: () => void;
  /** Ends the bar and writes a line. */
  note(line: string): void;
  stop(): void;
}

/** Lines on standard error, and a bar where that is a terminal; nothing when quiet. */
export function openBenchProgress(isQuiet: boolean): BenchProgress {
  if (isQuiet) return { start() {}, count() {}, note() {}, stop() {} };
  const note = (line: string): void => void process.stderr.write(`${line}\n`);
  if (!process.stderr.isTTY) return { start() {}, count() {}, note, stop() {} };
  const bar = new SingleBar({
    format: '{bar} {percentage} % {label}',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 24,
  });
  let end: LoadEnd = { requestCount: 1, durationMs: 1 };
  let endedCount = 0;
  let startedAt = 0;
  return {
    start(label, coming) {
      bar.stop();
      end = coming;
      endedCount = 0;
      startedAt = performance.now();
      bar.start(100, 0, { label });
    },
    count() {
      endedCount++;
      const share = Math.max(endedCount / end.requestCount, (performance.now() - startedAt) / end.durationMs);
      bar.update(Math.min(100, Math.round(share * 100)));
    },
    note(line) {
      bar.stop();
      note(line);
    },
    stop: () => bar.stop(),
  };
}
