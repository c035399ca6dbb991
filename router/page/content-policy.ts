import type { MiddlewareHandler } from 'hono';

/**
 * Everything the page may do: its own scripts, styles and requests, pictures it made itself. Nothing inline, nothing
 * from elsewhere, and no string becomes markup unless the sanitiser made it.
 */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types dompurify',
].join('; ');

/** Sets the page's policy over the one of all other answers; must stand before the middleware that sets that. */
export function pageContentPolicy(): MiddlewareHandler {
  return async function pageContentPolicy(c, next) {
    await next();
    c.res.headers.set('Content-Security-Policy', pagePolicy);
  };
}
