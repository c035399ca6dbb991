import type { BenchClient } from './bench-client.js';
import type { BenchTarget } from './report.js';

/** What is measured, ready for requests. */
export interface OpenTarget {
  readonly about: BenchTarget;
  readonly client: BenchClient;
  /** Whether it reads whole documents (`/v1/parse`), as only Quire does. */
  readonly isQuire: boolean;
  /** The cards it runs on; empty for none or unknown ones. */
  readonly gpuUuids: ReadonlySet<string>;
  /** Resolves with the reason when a server that was started for the run ends by itself. */
  readonly died: Promise<string>;
  close(): Promise<void>;
}
