import type { OpenTarget } from './open-target.js';
import type { BenchWork } from './report.js';
import type { Send } from './sample.js';

/** What is sent again and again: a description and how to send it. */
export interface PreparedWork {
  readonly about: BenchWork;
  readonly send: Send;
}

export interface WorkOptions {
  readonly target: OpenTarget;
  readonly prompt: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly note: (line: string) => void;
}
