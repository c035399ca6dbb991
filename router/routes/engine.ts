import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { decodeCropFrame, type EngineLine } from '#pool';
import type { AppEnv, RouteParts } from '../app-env.js';
import { engineLineBodySchema, engineStatusBodySchema } from '../contract/engine.js';
import { failureResponse } from '../contract/error-body.js';
import { RouterError } from '../errors.js';
import { readBody } from '../input/read-body.js';
import { refuseEncoding } from '../input/refuse-encoding.js';
import { streamCrop } from '../stream-crop.js';

const common = { tags: ['Engine'], security: [{ bearer: [] }] };

const statusRoute = createRoute({
  ...common,
  method: 'get',
  path: '/v1/engine',
  operationId: 'showEngine',
  summary: 'This host as a device of another one',
  responses: {
    200: {
      description: 'What it reads with, how much at once, and how busy it is.',
      content: { 'application/json': { schema: engineStatusBodySchema } },
    },
    '4XX': failureResponse,
  },
});

const cropsRoute = createRoute({
  ...common,
  method: 'post',
  path: '/v1/engine/crops',
  operationId: 'readCrop',
  summary: 'Read a crop of another host',
  description:
    'For hosts that have this one among their devices. The body is the length of the head (four bytes, big-endian), the head as JSON, and the patches of its pictures as bytes. Only devices of this host read it. 429 says that there is no room now; a client that leaves takes the crop with it.',
  request: {
    body: {
      required: true,
      content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
    },
  },
  responses: {
    200: {
      description: 'A line per event, as it happens; `finished`, `refused` or `error` is the last.',
      content: { 'application/x-ndjson': { schema: { $ref: '#/components/schemas/EngineLine' } } },
    },
    '4XX': failureResponse,
    '5XX': failureResponse,
  },
});

/** `GET /v1/engine` and `POST /v1/engine/crops`: the devices of this host at the service of another Quire. */
export function registerEngine(app: OpenAPIHono<AppEnv>, { pool, config, uploads, log }: RouteParts): void {
  app.openAPIRegistry.register('EngineLine', engineLineBodySchema);
  app.openapi(statusRoute, (c) => {
    c.header('Cache-Control', 'no-store');
    return c.json(pool.engine(), 200);
  });

  // A stream of JSON lines is no JSON, which the types of `openapi` take it for.
  app.openAPIRegistry.registerPath(cropsRoute);
  app.post(cropsRoute.path, async (c): Promise<Response> => {
    const deadline = c.get('deadline');
    const mediaType = (c.req.header('content-type') ?? '').split(';', 1)[0].trim().toLowerCase();
    if (mediaType !== 'application/octet-stream') {
      throw new RouterError('MEDIA_TYPE_UNSUPPORTED', 'Send the crop as Content-Type: application/octet-stream.');
    }
    refuseEncoding(c.req);
    const limits = { maxBytes: config.server.maxBodyBytes, budget: uploads, signal: deadline.signal };
    const frame = decodeCropFrame(await readBody(c, limits));
    const left = new AbortController();
    const signal = AbortSignal.any([deadline.clientSignal, left.signal]);
    const lines = pool.readCrop(frame, { signal, deadlineMs: deadline.remainingMs() });
    // The status waits until the crop is in the queue, so that a refusal is a plain 4xx.
    const first = await lines.next();
    c.get('record').cropCount = 1;
    return streamCrop(c, first.value as EngineLine, lines, { log, leave: () => left.abort() });
  });
}
