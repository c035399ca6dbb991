import type { Config } from '#config';
import type { Shape } from './shape.js';

/** What is measured: a server that runs already, or one started for it with these settings. */
export type TargetChoice =
  | { readonly kind: 'url'; readonly url: string; readonly modelName?: string; readonly apiKey?: string }
  | {
      readonly kind: 'started';
      readonly config: Config;
      /** The flags of settings as they were given. */
      readonly flags: readonly string[];
      /** Measure the first device alone as well. */
      readonly isComparison: boolean;
    };

export interface BenchOptions {
  readonly target: TargetChoice;
  readonly shapes: readonly Shape[];
  /** Files and folders of real pages. */
  readonly pages: readonly string[];
  /** Null for a choice by the kind of the devices. */
  readonly concurrency: readonly number[] | null;
  /** Requests and time of each point, whichever ends first. One alone decides; without both there is a short default. */
  readonly requests: number | null;
  readonly durationMs: number | null;
  readonly warmup: number | null;
  readonly timeoutMs: number;
  readonly prompt: string;
  /** Where the JSON goes: a file, or `-` for standard output instead of the table. */
  readonly jsonPath?: string;
  readonly isQuiet: boolean;
}
