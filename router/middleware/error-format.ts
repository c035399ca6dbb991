import type { MiddlewareHandler } from 'hono';
import type { AppEnv, ErrorFormat } from '../app-env.js';

/** Our own envelope: `{ error: { code, message, requestId } }`. */
export const quireErrorFormat: ErrorFormat = ({ code, message }, requestId) => ({
  error: { code, message, requestId },
});

/** Makes every failure of the routes below speak one dialect, those of authentication and limits included. */
export function errorFormat(format: ErrorFormat): MiddlewareHandler<AppEnv> {
  return async function errorFormat(c, next) {
    c.set('errorFormat', format);
    await next();
  };
}
