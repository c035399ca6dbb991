import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { AppEnv, RouteParts } from '../app-env.js';
import { checkFields, fieldInvalid, refuseExports } from '../dialects/paddlex/check-fields.js';
import { paddlexErrorFormat, paddlexFailureSchema } from '../dialects/paddlex/envelope.js';
import { layoutAnswer } from '../dialects/paddlex/layout-answer.js';
import { wantedPictures } from '../dialects/paddlex/layout-item.js';
import { layoutRequestSchema } from '../dialects/paddlex/layout-request.js';
import { layoutResponseSchema } from '../dialects/paddlex/layout-response.js';
import { logIdOf } from '../dialects/paddlex/log-id.js';
import { pagesInOrder } from '../dialects/paddlex/pages-in-order.js';
import { readFile } from '../dialects/paddlex/read-file.js';
import { restructured } from '../dialects/paddlex/restructured.js';
import { toRecipe } from '../dialects/paddlex/to-recipe.js';
import { holdAnswer } from '../held-answer.js';
import { fetchUrl } from '../input/fetch-url.js';
import { readJson } from '../input/read-json.js';

/** Answers up to this size and time fail properly to the end; longer ones flow (see `holdAnswer`). */
const hold = { holdBytes: 32 * 1024 * 1024, holdMs: 45_000 };

const failure = {
  description: "A failure in PaddleX's envelope.",
  content: { 'application/json': { schema: paddlexFailureSchema } },
};

const route = createRoute({
  method: 'post',
  path: '/layout-parsing',
  operationId: 'layoutParsing',
  summary: 'Read a document (PaddleX)',
  description:
    'Takes what the PaddleX server of PaddleOCR-VL takes and answers as it does, with 4xx where the request is at fault. Pages are read side by side and come in order; with `visualize`, which is on unless switched off, answers are large.',
  tags: ['PaddleX'],
  security: [{ bearer: [] }],
  request: {
    // Read by `readJson`, which holds it to the limit; the schema that validates is the one described.
    body: {
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/LayoutParsingRequest' } } },
    },
  },
  responses: {
    200: { description: 'The pages.', content: { 'application/json': { schema: layoutResponseSchema } } },
    '4XX': failure,
    '5XX': failure,
  },
});

/** `POST /layout-parsing`. */
export function registerLayoutParsing(app: OpenAPIHono<AppEnv>, parts: RouteParts): void {
  const { pool, config, log, uploads } = parts;
  app.openAPIRegistry.register('LayoutParsingRequest', layoutRequestSchema);
  // Not `openapi`: the answer is written as text piece by piece, which it has no type for.
  app.openAPIRegistry.registerPath(route);
  app.post(route.path, async (c): Promise<Response> => {
    const deadline = c.get('deadline');
    pool.checkRoom({ deadlineMs: deadline.remainingMs() });
    const body = await readJson(c, parts);
    const logId = logIdOf(body) ?? c.get('requestId');
    c.set('errorFormat', paddlexErrorFormat(logId));
    const request = checkFields(layoutRequestSchema, body);
    const recipe = toRecipe(request);
    refuseExports(request.outputFormats);
    const extras = {
      visualize: request.visualize ?? true,
      returnMarkdownImages: request.returnMarkdownImages,
    };
    const file = await readFile(request, (url) =>
      fetchUrl(url, { settings: config.url, signal: deadline.signal, budget: uploads }),
    );

    const run = pool.parse(
      { bytes: file.bytes },
      {
        recipe,
        pictures: wantedPictures(extras, recipe),
        deadlineMs: deadline.remainingMs(),
        signal: deadline.clientSignal,
      },
    );
    // The pages are taken as they come; must not count as unhandled.
    run.result.catch(() => {});
    const { kind, pages } = await pagesInOrder(run);
    if (kind !== file.kind) {
      await pages.return();
      const is = kind === 'pdf' ? 'a PDF (fileType 0)' : 'an image (fileType 1)';
      throw fieldInvalid('fileType', `The file is ${is}; fileType or the extension of the URL says otherwise`);
    }
    const record = c.get('record');
    const counted = countPages(request.restructurePages ? restructured(pages, request) : pages, (cropCount) => {
      record.pageCount++;
      record.cropCount += cropCount;
    });
    return holdAnswer(c, layoutAnswer(counted, { logId, kind, recipe, ...extras }), { ...hold, log });
  });
}

async function* countPages<Page extends { readonly timings: { readonly cropCount: number } }>(
  pages: AsyncIterable<Page>,
  count: (cropCount: number) => void,
): AsyncGenerator<Page, void, undefined> {
  for await (const page of pages) {
    count(page.timings.cropCount);
    yield page;
  }
}
