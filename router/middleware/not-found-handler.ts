import type { OpenAPIHono } from '@hono/zod-openapi';
import type { NotFoundHandler } from 'hono';
import type { AppEnv } from '../app-env.js';
import { RouterError } from '../errors.js';

/** What no route took: 405 with `Allow` where only the method is wrong, else 404. */
export function notFoundHandler(app: OpenAPIHono<AppEnv>): NotFoundHandler<AppEnv> {
  return function notFoundHandler(c) {
    const path = c.req.path.slice(0, 200);
    const methods = app.routes
      .filter((route) => route.method !== 'ALL' && isMatch(route.path, c.req.path))
      .map((route) => route.method);
    if (methods.length === 0) {
      throw new RouterError('NOT_FOUND', `There is nothing at ${c.req.method} ${path}; see /docs.`);
    }
    // HEAD is served by the GET routes.
    const allowed = [...new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)].join(', ');
    c.header('Allow', allowed);
    throw new RouterError('METHOD_NOT_ALLOWED', `${path} takes ${allowed}.`);
  };
}

function isMatch(pattern: string, path: string): boolean {
  const parts = pattern.split('/');
  const given = path.split('/');
  return parts.length === given.length && parts.every((part, index) => part.startsWith(':') || part === given[index]);
}
