import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { AppEnv, RouteParts } from '../app-env.js';
import { liveSchema, readySchema } from '../contract/health.js';
import { toDeviceBody } from '../device-body.js';

const liveRoutes = { getLive: '/livez', getLiveV2: '/v2/health/live' } as const;
const readyRoutes = { getReady: '/readyz', getReadyV2: '/v2/health/ready' } as const;

/** `/livez` and `/readyz`, and the same under the paths of the KServe protocol. */
export function registerHealth(app: OpenAPIHono<AppEnv>, { pool }: RouteParts): void {
  for (const [operationId, path] of Object.entries(liveRoutes)) {
    const route = createRoute({
      method: 'get',
      path,
      operationId,
      summary: 'Is the server alive?',
      description: 'Answers as long as the event loop turns.',
      tags: ['Health'],
      responses: { 200: { description: 'Alive.', content: { 'application/json': { schema: liveSchema } } } },
    });
    app.openapi(route, (c) => c.json({ live: true as const }, 200));
  }
  for (const [operationId, path] of Object.entries(readyRoutes)) {
    const content = { 'application/json': { schema: readySchema } };
    const route = createRoute({
      method: 'get',
      path,
      operationId,
      summary: 'Is the server ready to read?',
      description: 'Ready means that a device read a known page right, not that a port is open.',
      tags: ['Health'],
      responses: { 200: { description: 'Ready.', content }, 503: { description: 'Not ready.', content } },
    });
    app.openapi(route, (c) => {
      const devices = pool.devices().map(toDeviceBody);
      const body = {
        ready: pool.isReady(),
        devices: devices.map(({ id, state, canaryOkAt, lastError }) => ({ id, state, canaryOkAt, lastError })),
      };
      return body.ready ? c.json(body, 200) : c.json(body, 503);
    });
  }
}
