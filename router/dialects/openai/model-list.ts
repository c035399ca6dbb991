import { z } from '@hono/zod-openapi';
import type { ModelSummary } from '#pool';
import { servedNames } from './model-names.js';

export const modelSchema = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    created: z.int(),
    owned_by: z.string(),
    max_model_len: z.int().openapi({ description: 'Prompt and output tokens of one request at most.' }),
  })
  .openapi('Model');

export const modelListSchema = z.object({ object: z.literal('list'), data: z.array(modelSchema) }).openapi('ModelList');

export type ModelBody = z.infer<typeof modelSchema>;

/** The model under each of its names, its own first: the official client takes the first. */
export function toModelBodies(model: ModelSummary, created: number, maxLength: number): ModelBody[] {
  const max_model_len = Math.min(model.maxPositions, maxLength);
  return servedNames(model).map((id) => ({ id, object: 'model', created, owned_by: 'quire', max_model_len }));
}
