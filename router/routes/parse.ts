import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { chooseMediaType } from '../accept.js';
import { answerDocument } from '../answer-document.js';
import type { AppEnv, RouteParts } from '../app-env.js';
import { failureResponse } from '../contract/error-body.js';
import { jobSchema } from '../contract/jobs.js';
import { parseHeadersSchema, parseQuerySchema, urlInputSchema } from '../contract/parse-request.js';
import { documentSchema, parseEventSchema } from '../contract/parse-response.js';
import { readUpload } from '../input/read-upload.js';
import { answerShared } from '../readings/answer-shared.js';
import { idempotencyKeyOf, prefersAsync } from '../readings/request-identity.js';
import type { StartRun } from '../readings/shared-reading.js';
import { streamDocument } from '../stream-document.js';

const answers = ['application/json', 'text/markdown', 'application/x-ndjson', 'text/event-stream'] as const;
/** Time a job may take unless it says less. */
const maxJobMs = 86_400_000;
const file = { schema: { type: 'string', format: 'binary' } } as const;

const route = createRoute({
  method: 'post',
  path: '/v1/parse',
  operationId: 'parseDocument',
  summary: 'Read a document',
  description:
    'Reads an image (PNG, JPEG, WebP, GIF, TIFF with one or more pages) or a PDF. The Accept header chooses the form of the answer: JSON, Markdown, or a stream of blocks as they finish.',
  tags: ['Documents'],
  security: [{ bearer: [] }],
  request: {
    query: parseQuerySchema,
    headers: parseHeadersSchema,
    // The body is read by `readUpload`, which holds it to the limit; the schemas here describe it.
    body: {
      required: true,
      content: {
        'application/octet-stream': file,
        'application/pdf': file,
        'image/*': file,
        'multipart/form-data': {
          schema: {
            type: 'object',
            properties: { file: { type: 'string', format: 'binary' } },
            required: ['file'],
            additionalProperties: false,
          },
        },
        'application/json': { schema: { $ref: '#/components/schemas/UrlInput' } },
      },
    },
  },
  responses: {
    200: {
      description: 'The document, read. Blocks that could not be read carry an `error`; X-Failed-Blocks counts them.',
      content: {
        'application/json': { schema: documentSchema },
        'text/markdown': { schema: { type: 'string' } },
        'application/x-ndjson': { schema: parseEventSchema },
        'text/event-stream': { schema: { type: 'string' } },
      },
    },
    202: {
      description: 'With `Prefer: respond-async`: the document is open and will be read; Location names the job.',
      content: { 'application/json': { schema: jobSchema } },
    },
    '4XX': failureResponse,
    '5XX': failureResponse,
  },
});

/** `POST /v1/parse`. */
export function registerParse(app: OpenAPIHono<AppEnv>, parts: RouteParts): void {
  app.openAPIRegistry.register('UrlInput', urlInputSchema);
  app.openapi(route, async (c): Promise<Response> => {
    const { pages, pictures, priority, timeoutMs } = c.req.valid('query');
    // Refused before the body is read: nobody would take the answer.
    const mediaType = chooseMediaType(c.req.header('accept'), answers);
    const deadline = c.get('deadline');
    const key = idempotencyKeyOf(c.req);
    const isJob = prefersAsync(c.req);
    if (timeoutMs !== undefined && !isJob) deadline.shorten(timeoutMs);
    const jobDeadlineMs = timeoutMs ?? maxJobMs;
    // A key may name a reading that is under way or done, which costs nothing.
    if (key === undefined)
      parts.pool.checkRoom({ priority, deadlineMs: isJob ? jobDeadlineMs : deadline.remainingMs() });

    const bytes = await readUpload(c, parts);
    const options = { pages, pictures: { page: pictures === 'page' }, priority };
    if (key !== undefined || isJob) {
      const deadlineMs = isJob ? jobDeadlineMs : deadline.remainingMs();
      const startRun: StartRun = (signal) => parts.pool.parse({ bytes }, { ...options, deadlineMs, signal });
      return answerShared(c, parts.readings, { key, isJob, mediaType, bytes, options, startRun });
    }
    const run = parts.pool.parse(
      { bytes },
      { ...options, deadlineMs: deadline.remainingMs(), signal: deadline.clientSignal },
    );
    switch (mediaType) {
      case 'application/x-ndjson':
      case 'text/event-stream':
        return streamDocument(c, run, mediaType, parts.log);
      default:
        return answerDocument(c, await run.result, mediaType);
    }
  });
}
