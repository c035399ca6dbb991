import type { ErrorHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { AppEnv } from '../app-env.js';
import { isFault, toHttpFailure } from '../error-response.js';
import { RouterError } from '../errors.js';
import type { Log } from '../log.js';
import type { QuietWarnings } from '../quiet-warnings.js';
import { quireErrorFormat } from './error-format.js';

/** Turns whatever a route threw into the one answer its dialect gives; faults of ours go to the log with their stack. */
export function failureHandler(log: Log, warnings: QuietWarnings): ErrorHandler<AppEnv> {
  return function failureHandler(error, c) {
    const failure = toHttpFailure(fromFramework(error));
    const id = c.get('requestId') ?? '';
    const record = c.get('record');
    if (record) record.code = failure.code;
    if (isFault(failure)) log.error({ id, code: failure.code, err: error }, 'request failed');
    else if (failure.status === 429) warnings.warn('refused', { code: failure.code });
    else if (failure.status >= 500) warnings.warn('request failed', { code: failure.code, reason: failure.message });
    if (failure.retryAfterSeconds !== undefined) c.header('Retry-After', String(failure.retryAfterSeconds));
    const format = c.get('errorFormat') ?? quireErrorFormat;
    // 499 is not a status of the standard, but nobody is there to read it.
    return c.json(format(failure, id), failure.status as 400);
  };
}

/** Hono's own exceptions are about the request; anything else keeps its identity. */
function fromFramework(error: Error): unknown {
  if (!(error instanceof HTTPException) || error.status >= 500) return error;
  return new RouterError(error.status === 404 ? 'NOT_FOUND' : 'BODY_INVALID', error.message, { cause: error });
}
