import { z } from '@hono/zod-openapi';
import { strictObject } from './strict-object.js';

/** Query of `POST /v1/parse`. */
export const parseQuerySchema = strictObject({
  pages: z
    .string()
    .max(1000)
    .regex(/^\d+(-\d+)?(,\d+(-\d+)?)*$/, 'write pages as 1-3,7')
    .optional()
    .openapi({ description: 'Pages to read, counted from 1; all of them by default.', example: '1-3,7' }),
  pictures: z
    .enum(['page'])
    .optional()
    .openapi({ description: '`page` sends each page, upright, as JPEG with its result; for viewers.' }),
  priority: z
    .enum(['interactive', 'batch'])
    .default('interactive')
    .openapi({ description: '`batch` gives way to `interactive`, but is never starved.' }),
  timeoutMs: z.coerce
    .number()
    .int()
    .min(1)
    .max(86_400_000)
    .optional()
    .openapi({ description: 'Time this request may take, below the limit of the server.' }),
});

/** Headers of `POST /v1/parse` beside the usual ones. */
export const parseHeadersSchema = z.object({
  'idempotency-key': z.string().optional().openapi({
    description:
      'The same key with the same request joins the reading under way or repeats its result, for an hour and as long as memory allows; with another request it is refused. Failures are not kept.',
  }),
  prefer: z.string().optional().openapi({
    description: '`respond-async` answers 202 with a job as soon as the document is open.',
    example: 'respond-async',
  }),
});

export type ParseQuery = z.output<typeof parseQuerySchema>;

/** JSON body of `POST /v1/parse`: the file is fetched by the server. */
export const urlInputSchema = strictObject({
  url: z.string().min(1).max(8192).openapi({ example: 'https://example.com/page.png' }),
}).openapi('UrlInput', { description: 'A file named by its http or https URL.' });
