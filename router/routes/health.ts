import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { AppEnv, RouteParts } from '../app-env.js';
import { liveSchema, readySchema } from '../contract/health.js';
import { toDeviceBody } from '../device-body.js';

const livePaths = ['/livez', '/v2/health/live'] as const;
const readyPaths = ['/readyz', '/v2/health/ready'] as const;

/** `/livez` and `/readyz`, and the same under the paths of the KServe protocol. */
export function registerHealth(app: OpenAPIHono<AppEnv>, { pool }: RouteParts): void {
  for (const path of livePaths) {
    const route = createRoute({
      method: 'get',
      path,
      summary: 'Is the server alive?',
      description: 'Answers as long as the event loop turns.',
      tags: ['Health'],
      responses: { 200: { description: 'Alive.', content: { 'application/json': { schema: liveSchema } } } },
    });
    app.openapi(route, (c) => c.json({ live: true as const }, 200));
  }
  for (const path of readyPaths) {
    const content = { 'application/json': { schema: readySchema } };
    const route = createRoute({
      method: 'get',
      path,
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
