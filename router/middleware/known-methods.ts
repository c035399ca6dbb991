import type { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from '../app-env.js';
import { RouterError } from '../errors.js';

/** Answers 405 with `Allow` where the path is known and only the method is not. */
export function knownMethods(app: OpenAPIHono<AppEnv>): MiddlewareHandler<AppEnv> {
  return async function knownMethods(c, next) {
    const methods = app.routes
      .filter((route) => route.method !== 'ALL' && isMatch(route.path, c.req.path))
      .map((route) => route.method);
    // HEAD is served by the GET routes.
    const allowed = new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods);
    if (allowed.size === 0 || allowed.has(c.req.method)) return next();
    c.header('Allow', [...allowed].join(', '));
    throw new RouterError('METHOD_NOT_ALLOWED', `${c.req.path.slice(0, 200)} takes ${[...allowed].join(', ')}.`);
  };
}

function isMatch(pattern: string, path: string): boolean {
  const parts = pattern.split('/');
  const given = path.split('/');
  return parts.length === given.length && parts.every((part, index) => part.startsWith(':') || part === given[index]);
}
