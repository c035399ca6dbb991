import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { DocumentRun } from '#pool';
import { chooseMediaType } from '../accept.js';
import type { AppEnv, RouteParts } from '../app-env.js';
import { failureResponse } from '../contract/error-body.js';
import { parseQuerySchema, urlInputSchema } from '../contract/parse-request.js';
import { documentSchema, parseEventSchema } from '../contract/parse-response.js';
import { countFailedBlocks, toDocumentBody } from '../document-body.js';
import { readUpload } from '../input/read-upload.js';
import { serverTiming } from '../server-timing.js';
import { streamDocument } from '../stream-document.js';

const answers = ['application/json', 'text/markdown', 'application/x-ndjson', 'text/event-stream'] as const;
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
    if (timeoutMs !== undefined) deadline.shorten(timeoutMs);

    const bytes = await readUpload(c, parts);
    const run = parts.pool.parse(
      { bytes },
      {
        pages,
        pictures: { page: pictures === 'page' },
        priority,
        deadlineMs: deadline.remainingMs(),
        signal: deadline.clientSignal,
      },
    );
    switch (mediaType) {
      case 'application/x-ndjson':
      case 'text/event-stream':
        return streamDocument(c, run, mediaType, parts.log);
      default:
        return answerWhole(c, run, mediaType);
    }
  });
}

async function answerWhole(
  c: Context<AppEnv>,
  run: DocumentRun,
  mediaType: 'application/json' | 'text/markdown',
): Promise<Response> {
  const document = await run.result;
  const record = c.get('record');
  record.pageCount = document.pages.length;
  record.cropCount = document.timings.cropCount;
  c.header('Vary', 'Accept', { append: true });
  c.header('Server-Timing', serverTiming(document.timings));
  c.header('X-Failed-Blocks', String(countFailedBlocks(document.pages)));
  if (mediaType === 'text/markdown') {
    return c.body(document.markdown, 200, { 'Content-Type': 'text/markdown; charset=utf-8' });
  }
  return c.json(toDocumentBody(document), 200);
}
