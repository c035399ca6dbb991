import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { chooseMediaType } from '../accept.js';
import { answerDocument } from '../answer-document.js';
import type { AppEnv, RouteParts } from '../app-env.js';
import { failureResponse } from '../contract/error-body.js';
import { jobParamsSchema, jobSchema } from '../contract/jobs.js';
import { documentSchema } from '../contract/parse-response.js';
import { RouterError } from '../errors.js';
import { toJobBody } from '../readings/job-body.js';
import { ownerOf } from '../readings/request-identity.js';
import type { SharedReading } from '../readings/shared-reading.js';

const common = { tags: ['Documents'], security: [{ bearer: [] }], request: { params: jobParamsSchema } };
const job = { description: 'How far it is.', content: { 'application/json': { schema: jobSchema } } };

const showRoute = createRoute({
  ...common,
  method: 'get',
  path: '/v1/jobs/{id}',
  operationId: 'showJob',
  summary: 'How far a job is',
  responses: { 200: job, '4XX': failureResponse },
});

const resultRoute = createRoute({
  ...common,
  method: 'get',
  path: '/v1/jobs/{id}/result',
  operationId: 'showJobResult',
  summary: 'What a job has read',
  description: 'As `POST /v1/parse` would have answered; 409 while the job is running.',
  responses: {
    200: {
      description: 'The document.',
      content: { 'application/json': { schema: documentSchema }, 'text/markdown': { schema: { type: 'string' } } },
    },
    '4XX': failureResponse,
    '5XX': failureResponse,
  },
});

const cancelRoute = createRoute({
  ...common,
  method: 'delete',
  path: '/v1/jobs/{id}',
  operationId: 'cancelJob',
  summary: 'Cancel and forget a job',
  responses: { 204: { description: 'Gone.' }, '4XX': failureResponse },
});

/** `/v1/jobs/{id}`: what became of a request with `Prefer: respond-async`. */
export function registerJobs(app: OpenAPIHono<AppEnv>, { readings }: RouteParts): void {
  const find = (c: Context<AppEnv>, id: string): SharedReading => {
    const reading = readings.job(id, ownerOf(c.req));
    if (reading) return reading;
    throw new RouterError(
      'JOB_UNKNOWN',
      'There is no such job: jobs live in memory, are forgotten an hour after their end, and by a restart.',
    );
  };

  app.openapi(showRoute, (c) => {
    const reading = find(c, c.req.valid('param').id);
    c.header('Cache-Control', 'no-store');
    if (reading.state === 'running') c.header('Retry-After', '1');
    return c.json(toJobBody(reading), 200);
  });

  app.openapi(resultRoute, async (c): Promise<Response> => {
    const mediaType = chooseMediaType(c.req.header('accept'), ['application/json', 'text/markdown']);
    const reading = find(c, c.req.valid('param').id);
    if (reading.state === 'running') {
      c.header('Retry-After', '1');
      throw new RouterError('JOB_RUNNING', 'The job is still running; ask again when its state is "done".');
    }
    // Ended: this settles at once, with the result or with why there is none.
    return answerDocument(c, await reading.wait(c.get('deadline').signal), mediaType);
  });

  app.openapi(cancelRoute, (c) => {
    readings.drop(find(c, c.req.valid('param').id));
    return c.body(null, 204);
  });
}
