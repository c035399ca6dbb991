import { SingleBar } from 'cli-progress';

/** What the person at the terminal sees while files are read. */
export interface BatchProgress {
  pageDone(): void;
  fileDone(): void;
  /** Writes a line to standard error without tearing the bar. */
  note(line: string): void;
  stop(): void;
}

/** A bar on standard error where that is a terminal; lines only, elsewhere. */
export function openBatchProgress(fileCount: number, isQuiet: boolean): BatchProgress {
  if (isQuiet || !process.stderr.isTTY) {
    return { pageDone() {}, fileDone() {}, note: (line) => void process.stderr.write(`${line}\n`), stop() {} };
  }
  const startedAt = performance.now();
  let pageCount = 0;
  const bar = new SingleBar({
    format: '{bar} {value}/{total} files, {pages} pages, {rate} pages/s',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 24,
    fps: 8,
  });
  const payload = (): { pages: number; rate: string } => ({
    pages: pageCount,
    rate: (pageCount / Math.max(0.001, (performance.now() - startedAt) / 1000)).toFixed(1),
  });
  bar.start(fileCount, 0, payload());
  return {
    pageDone() {
      pageCount++;
      bar.update(payload());
    },
    fileDone() {
      bar.increment(1, payload());
    },
    note(line) {
      process.stderr.write(`\r\x1b[K${line}\n`);
      bar.render();
    },
    stop() {
      bar.stop();
    },
  };
}
