import { z } from '@hono/zod-openapi';
import { type ErrorCode, errorTable } from '../error-response.js';

const codes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]];

/** Every failure of our own routes. */
export const errorBodySchema = z
  .object({
    error: z.object({
      code: z.enum(codes).openapi({ description: 'Stable; branch on this.' }),
      message: z.string().openapi({ description: 'For people; says what to change.' }),
      requestId: z.string().openapi({ description: 'As in X-Request-Id and in the log of the server.' }),
    }),
  })
  .openapi('Error');

/** The response entry for failures, for every route description. */
export const failureResponse = {
  description: 'A failure, with a stable code.',
  content: { 'application/json': { schema: errorBodySchema } },
} as const;
