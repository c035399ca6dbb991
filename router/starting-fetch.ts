import { errorTable } from './error-response.js';

/**
 * Answers while the model is being compiled and loaded: alive, not ready, and nothing else yet.
 * The port is bound first, so that a port in use is told at once and probes see a live process.
 */
export function startingFetch(request: Request): Response {
  const { pathname } = new URL(request.url);
  if (pathname === '/livez' || pathname === '/v2/health/live') return Response.json({ live: true });
  if (pathname === '/readyz' || pathname === '/v2/health/ready') {
    return Response.json({ ready: false, devices: [] }, { status: 503 });
  }
  const { status, meaning } = errorTable.STARTING;
  const error = { code: 'STARTING', message: meaning, requestId: request.headers.get('x-request-id') ?? '' };
  // A browser that came too early looks again by itself.
  const refresh: Record<string, string> = pathname === '/' ? { Refresh: '1' } : {};
  return Response.json({ error }, { status, headers: { 'Retry-After': '1', ...refresh } });
}
