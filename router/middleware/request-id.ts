import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from '../app-env.js';

/** Ids a caller may give: short, printable, and nothing that could forge a log line. */
const acceptable = /^[\w.:/+=@-]{1,128}$/;

/** Keeps the caller's `X-Request-Id` or makes one; it is in the answer, in every error and in the log. */
export function requestId(): MiddlewareHandler<AppEnv> {
  return async function requestId(c, next) {
    const given = c.req.header('x-request-id');
    const id = given && acceptable.test(given) ? given : randomUUID();
    c.set('requestId', id);
    c.header('X-Request-Id', id);
    await next();
  };
}
