import type { HttpBindings } from '@hono/node-server';
import type { Config } from '#config';
import type { Pool } from '#pool';
import type { HttpFailure } from './error-response.js';
import type { UploadBudget } from './input/upload-budget.js';
import type { Log } from './log.js';
import type { MetricRegistry } from './metric-registry.js';
import type { RequestDeadline } from './middleware/deadline.js';
import type { ReadingStore } from './readings/reading-store.js';

/** Everything the HTTP layer is made of; `createApp` opens nothing itself. */
export interface AppParts {
  readonly pool: Pool;
  readonly config: Config;
  readonly log: Log;
  readonly metrics: MetricRegistry;
}

/** What the routes share beyond the parts: bounds that hold over all requests. */
export interface RouteParts extends AppParts {
  readonly uploads: UploadBudget;
  readonly readings: ReadingStore;
}

/** What a request turned out to be, filled in by its route and read by the access log. */
export interface RequestRecord {
  pageCount: number;
  cropCount: number;
  /** Code of the failure that ended it; a stream fails after its status was sent. */
  code?: string;
  /** Settles when a streamed answer has ended; absent for answers in one piece. */
  streamEnd?: Promise<void>;
}

/** Puts a failure into the envelope of a dialect. */
export type ErrorFormat = (failure: HttpFailure, requestId: string) => unknown;

export interface AppEnv {
  Bindings: Partial<HttpBindings>;
  Variables: {
    requestId: string;
    record: RequestRecord;
    deadline: RequestDeadline;
    errorFormat: ErrorFormat;
  };
}
