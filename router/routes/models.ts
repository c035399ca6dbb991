import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { AppEnv, RouteParts } from '../app-env.js';
import { openAiErrorSchema } from '../dialects/openai/chat-response.js';
import { modelListSchema, modelSchema, toModelBodies } from '../dialects/openai/model-list.js';
import { isServedName } from '../dialects/openai/model-names.js';
import { RouterError } from '../errors.js';

const failure = {
  description: "A failure in OpenAI's shape.",
  content: { 'application/json': { schema: openAiErrorSchema } },
};

const listRoute = createRoute({
  method: 'get',
  path: '/v1/models',
  operationId: 'listModels',
  summary: 'List models (OpenAI)',
  tags: ['OpenAI'],
  security: [{ bearer: [] }],
  responses: {
    200: { description: 'The model and its names.', content: { 'application/json': { schema: modelListSchema } } },
    '4XX': failure,
  },
});

const modelRoute = createRoute({
  method: 'get',
  // Names may hold a slash, as those of the Hugging Face hub do; clients encode it.
  path: '/v1/models/{model}',
  operationId: 'retrieveModel',
  summary: 'One model (OpenAI)',
  tags: ['OpenAI'],
  security: [{ bearer: [] }],
  request: { params: z.object({ model: z.string().min(1).max(500) }) },
  responses: {
    200: { description: 'The model.', content: { 'application/json': { schema: modelSchema } } },
    '4XX': failure,
  },
});

/** `GET /v1/models` and one of them. Answers at once, whatever the devices are doing. */
export function registerModels(app: OpenAPIHono<AppEnv>, { pool, config }: RouteParts): void {
  const openedAt = Math.floor(Date.now() / 1000);
  const list = () => toModelBodies(pool.model, openedAt, config.engine.maxSequenceLength);
  app.openapi(listRoute, (c) => c.json({ object: 'list' as const, data: list() }, 200));
  app.openapi(modelRoute, (c) => {
    const { model } = c.req.valid('param');
    const models = list();
    if (!isServedName(model, pool.model)) {
      const names = models.map(({ id }) => id).join(' or ');
      throw new RouterError('MODEL_UNKNOWN', `There is no model "${model.slice(0, 100)}" here; ask for ${names}.`, {
        param: 'model',
      });
    }
    return c.json(models.find(({ id }) => id === model) ?? models[0], 200);
  });
}
