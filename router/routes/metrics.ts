import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { AppEnv, RouteParts } from '../app-env.js';

const route = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  summary: 'Metrics for Prometheus',
  tags: ['Operations'],
  responses: {
    200: { description: 'The text format of Prometheus.', content: { 'text/plain': { schema: z.string() } } },
  },
});

/** `GET /metrics`. */
export function registerMetrics(app: OpenAPIHono<AppEnv>, { metrics }: RouteParts): void {
  app.openapi(route, async (c) => c.text(await metrics.render(), 200, { 'Content-Type': metrics.contentType }));
}
