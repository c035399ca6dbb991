import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { AppEnv, RouteParts } from '../app-env.js';
import { checkFields, refuseExports } from '../dialects/paddlex/check-fields.js';
import { paddlexErrorFormat, paddlexFailureSchema } from '../dialects/paddlex/envelope.js';
import { restructureResponseSchema } from '../dialects/paddlex/layout-response.js';
import { logIdOf } from '../dialects/paddlex/log-id.js';
import { restructureRequestSchema } from '../dialects/paddlex/restructure-request.js';
import { toRestructureItems } from '../dialects/paddlex/restructure-result.js';
import { readJson } from '../input/read-json.js';

const failure = {
  description: "A failure in PaddleX's envelope.",
  content: { 'application/json': { schema: paddlexFailureSchema } },
};

const route = createRoute({
  method: 'post',
  path: '/restructure-pages',
  operationId: 'restructurePages',
  summary: 'Put pages together (PaddleX)',
  description:
    'Takes pages as `/layout-parsing` gave them: joins tables that go on over a page break and gives titles their levels from the whole document. Nothing is read again.',
  tags: ['PaddleX'],
  security: [{ bearer: [] }],
  request: {
    // Read by `readJson`, which holds it to the limit; the schema that validates is the one described.
    body: {
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/RestructurePagesRequest' } } },
    },
  },
  responses: {
    200: { description: 'The pages.', content: { 'application/json': { schema: restructureResponseSchema } } },
    '4XX': failure,
    '5XX': failure,
  },
});

/** `POST /restructure-pages`. */
export function registerRestructurePages(app: OpenAPIHono<AppEnv>, parts: RouteParts): void {
  app.openAPIRegistry.register('RestructurePagesRequest', restructureRequestSchema);
  app.openapi(route, async (c) => {
    const body = await readJson(c, parts);
    const logId = logIdOf(body) ?? c.get('requestId');
    c.set('errorFormat', paddlexErrorFormat(logId));
    const request = checkFields(restructureRequestSchema, body);
    refuseExports(request.outputFormats);
    const layoutParsingResults = toRestructureItems(request);
    return c.json(
      { logId, errorCode: 0 as const, errorMsg: 'Success' as const, result: { layoutParsingResults } } as never,
      200,
    );
  });
}
