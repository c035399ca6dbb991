import type { BenchWork } from './report.js';

/** `1920x1080, 128 tokens`, or the pages. */
export function describeWork(work: BenchWork): string {
  if (work.kind === 'shape') return `${work.width}x${work.height}, ${work.outputTokens} tokens`;
  return `${work.fileCount} file${work.fileCount === 1 ? '' : 's'} to ${work.route}`;
}
