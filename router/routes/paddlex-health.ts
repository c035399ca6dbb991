import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { AppEnv, RouteParts } from '../app-env.js';
import { healthSchema, paddlexFailureSchema } from '../dialects/paddlex/envelope.js';

/** PaddleX's own, and the one of its gateway; the official VLM servers answer at the first too. */
const paths = [
  { path: '/health', operationId: 'paddlexHealth', errorMsg: 'Healthy' },
  { path: '/health/ready', operationId: 'paddlexHealthReady', errorMsg: 'Ready' },
] as const;

/** `GET /health` and `GET /health/ready` of PaddleX: 200 once a device has read the known page right, else 503. */
export function registerPaddlexHealth(app: OpenAPIHono<AppEnv>, { pool }: RouteParts): void {
  for (const { path, operationId, errorMsg } of paths) {
    const route = createRoute({
      method: 'get',
      path,
      operationId,
      summary: 'Is the server ready? (PaddleX)',
      tags: ['PaddleX'],
      responses: {
        200: { description: 'Ready.', content: { 'application/json': { schema: healthSchema } } },
        503: { description: 'Not ready.', content: { 'application/json': { schema: paddlexFailureSchema } } },
      },
    });
    app.openapi(route, (c) => {
      const logId = c.get('requestId');
      if (pool.isReady()) return c.json({ logId, errorCode: 0 as const, errorMsg }, 200);
      const reason = 'No device is ready; GET /readyz has the details.';
      return c.json({ logId, errorCode: 503, errorMsg: reason, code: 'NO_DEVICE' }, 503);
    });
  }
}
