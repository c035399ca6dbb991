import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { AppEnv, RequestRecord } from '../app-env.js';
import type { Log } from '../log.js';
import type { HttpMetrics } from '../metrics/http-metrics.js';

/** Routes that machines ask every few seconds, or for every crop: counted, but logged only when they fail. */
const quietRoutes = new Set([
  '/livez',
  '/readyz',
  '/v2/health/live',
  '/v2/health/ready',
  '/health',
  '/metrics',
  '/v1/engine',
  '/v1/engine/crops',
]);

/** How a request ended: `ok`, `error` with a code of ours, or `cancelled` by the client. */
export type Outcome = 'ok' | 'error' | 'cancelled';

/** One log line and one observation a request, written when its answer has ended, streams included. */
export function accessLog(log: Log, metrics: HttpMetrics): MiddlewareHandler<AppEnv> {
  return async function accessLog(c, next) {
    const startedAt = performance.now();
    const record: RequestRecord = { pageCount: 0, cropCount: 0 };
    c.set('record', record);
    metrics.inFlight.inc();
    await next();
    const finish = (): void => {
      // Unknown paths share one label, so that a scanner cannot grow the metrics; middleware has paths with a star.
      const route = matchedRoutes(c).findLast(({ path }) => !path.includes('*'))?.path ?? 'unmatched';
      const seconds = (performance.now() - startedAt) / 1000;
      const outcome = outcomeOf(record);
      metrics.inFlight.dec();
      metrics.requests.inc({ route, method: methodLabel(c.req.method), status: c.res.status, outcome });
      metrics.duration.observe({ route, outcome }, seconds);
      const line = {
        id: c.get('requestId'),
        method: c.req.method,
        route,
        status: c.res.status,
        ms: Math.round(seconds * 10_000) / 10,
        ...(record.pageCount > 0 ? { pages: record.pageCount, crops: record.cropCount } : {}),
        outcome,
        ...(record.code ? { code: record.code } : {}),
      };
      if (quietRoutes.has(route) && outcome === 'ok') log.debug(line, 'request');
      else log.info(line, 'request');
    };
    if (record.streamEnd) void record.streamEnd.finally(finish);
    else finish();
  };
}

function outcomeOf({ code }: RequestRecord): Outcome {
  if (!code) return 'ok';
  return code === 'CANCELLED' ? 'cancelled' : 'error';
}

/** Method names are free text in HTTP; the known ones are labels. */
function methodLabel(method: string): string {
  return /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(method) ? method : 'other';
}
