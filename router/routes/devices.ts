import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { PoolError } from '#pool';
import type { AppEnv, RouteParts } from '../app-env.js';
import { deviceActionParamsSchema, deviceListSchema, deviceSchema } from '../contract/devices.js';
import { failureResponse } from '../contract/error-body.js';
import { toDeviceBody } from '../device-body.js';

const listRoute = createRoute({
  method: 'get',
  path: '/devices',
  operationId: 'listDevices',
  summary: 'All devices and their state',
  tags: ['Operations'],
  security: [{ bearer: [] }],
  responses: {
    200: { description: 'The devices.', content: { 'application/json': { schema: deviceListSchema } } },
    '4XX': failureResponse,
  },
});

const actionRoute = createRoute({
  method: 'post',
  path: '/devices/{id}/{action}',
  operationId: 'controlDevice',
  summary: 'Drain, resume or restart a device',
  description: '`drain` lets its work finish and gives it no more; `resume` takes that back; `restart` starts it anew.',
  tags: ['Operations'],
  security: [{ adminBearer: [] }],
  request: { params: deviceActionParamsSchema },
  responses: {
    200: { description: 'The device afterwards.', content: { 'application/json': { schema: deviceSchema } } },
    '4XX': failureResponse,
    '5XX': failureResponse,
  },
});

/** `GET /devices` and the actions on one. */
export function registerDevices(app: OpenAPIHono<AppEnv>, { pool, log }: RouteParts): void {
  app.openapi(listRoute, (c) => c.json({ devices: pool.devices().map(toDeviceBody) }, 200));

  app.openapi(actionRoute, async (c) => {
    const { id, action } = c.req.valid('param');
    await pool.control(id, action);
    log.info({ id: c.get('requestId'), device: id, action }, 'device action');
    const device = pool.devices().find((candidate) => candidate.id === id);
    if (!device) throw new PoolError('DEVICE_UNKNOWN', `There is no device "${id}" any more.`);
    return c.json(toDeviceBody(device), 200);
  });
}
