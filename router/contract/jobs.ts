import { z } from '@hono/zod-openapi';

export const jobSchema = z
  .object({
    id: z.uuid(),
    state: z.enum(['running', 'done', 'failed', 'cancelled']),
    createdAt: z.iso.datetime(),
    endedAt: z.iso.datetime().optional(),
    pageCount: z.int().optional().openapi({ description: 'Pages to read, once the document is open.' }),
    pagesDone: z.int(),
    result: z.string().optional().openapi({ description: 'Path of the result, when it is done.' }),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  })
  .openapi('Job', {
    description:
      'A document that is read while its client does something else. Jobs live in memory: a restart forgets them, and a result is kept for an hour at most.',
  });

export const jobParamsSchema = z.strictObject({ id: z.string().min(1).max(100) });

export type JobBody = z.infer<typeof jobSchema>;
