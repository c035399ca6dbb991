import { SingleBar } from 'cli-progress';

/** What the person at the terminal sees while it runs. */
export interface BenchProgress {
  /** Begins a bar of so many requests. */
  start(label: string, requestCount: number): void;
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
    format: '{bar} {value}/{total} {label}',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 24,
  });
  return {
    start(label, requestCount) {
      bar.stop();
      bar.start(requestCount, 0, { label });
    },
    count: () => bar.increment(),
    note(line) {
      bar.stop();
      note(line);
    },
    stop: () => bar.stop(),
  };
}
