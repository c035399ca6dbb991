import { z } from '@hono/zod-openapi';
import { engineLineSchema, engineStatusSchema } from '#pool';

/** The engine as `GET /v1/engine` shows it. */
export const engineStatusBodySchema = z.object(engineStatusSchema.shape).openapi('Engine');

/** One line of the answer to a crop. */
export const engineLineBodySchema = z.union(engineLineSchema.options);
