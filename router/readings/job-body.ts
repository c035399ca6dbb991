import type { JobBody } from '../contract/jobs.js';
import { toHttpFailure } from '../error-response.js';
import type { SharedReading } from './shared-reading.js';

export function jobPath(id: string): string {
  return `/v1/jobs/${id}`;
}

/** A job as its client sees it. */
export function toJobBody({ id, state, startedAt, endedAt, pageCount, pagesDone, failure }: SharedReading): JobBody {
  const reason = state === 'failed' ? toHttpFailure(failure) : undefined;
  return {
    id,
    state,
    createdAt: new Date(startedAt).toISOString(),
    ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt).toISOString() }),
    ...(pageCount === undefined ? {} : { pageCount }),
    pagesDone,
    ...(state === 'done' ? { result: `${jobPath(id)}/result` } : {}),
    ...(reason ? { error: { code: reason.code, message: reason.message } } : {}),
  };
}
