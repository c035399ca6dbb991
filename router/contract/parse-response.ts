import { z } from '@hono/zod-openapi';

const boxSchema = z
  .tuple([z.int(), z.int(), z.int(), z.int()])
  .openapi('Box', { description: 'Corners [x0, y0, x1, y1] in pixels of the page; x1 and y1 lie outside.' });

export const blockSchema = z
  .object({
    label: z.string().openapi({ example: 'paragraph_title', description: 'Class of PP-DocLayout.' }),
    box: boxSchema,
    text: z.string().openapi({ description: 'Plain text, HTML for tables, LaTeX for formulas; empty for pictures.' }),
    confidence: z
      .number()
      .nullable()
      .openapi({ description: 'Geometric mean of the token probabilities; null where nothing was read.' }),
    order: z.int().openapi({ description: 'Place in the reading order of the page, from 1.' }),
    truncated: z
      .enum(['length', 'repetition'])
      .optional()
      .openapi({ description: 'Present when the text was cut short.' }),
    error: z
      .object({ code: z.string(), message: z.string() })
      .optional()
      .openapi({ description: 'Present when this block could not be read; the rest of the page stands.' }),
  })
  .openapi('Block');

export const pageSchema = z
  .object({
    page: z.int().openapi({ description: 'Number of the page in the file, from 1.' }),
    width: z.int(),
    height: z.int(),
    blocks: z.array(blockSchema),
    markdown: z.string(),
    failedBlockCount: z.int().openapi({ description: 'Blocks of this page that could not be read.' }),
    pageJpeg: z
      .string()
      .optional()
      .openapi({ description: 'The page as JPEG in base64, when `pictures=page` was asked for.' }),
  })
  .openapi('Page');

export const documentSchema = z
  .object({
    pages: z.array(pageSchema),
    markdown: z.string().openapi({ description: 'All pages in one text.' }),
    failedBlockCount: z
      .int()
      .openapi({ description: 'Blocks of the document that could not be read; 0 when all is well.' }),
  })
  .openapi('Document');

/** One line of NDJSON, or the data of one server-sent event. */
export const parseEventSchema = z
  .discriminatedUnion('type', [
    z.object({
      type: z.literal('document'),
      kind: z.enum(['image', 'pdf']),
      pageCount: z.int().openapi({ description: 'Pages in the file.' }),
      pages: z.array(z.int()).openapi({ description: 'Numbers of the pages that will be read, in order.' }),
    }),
    z.object({
      type: z.literal('page'),
      page: z.int(),
      width: z.int(),
      height: z.int(),
      blocks: z.array(blockSchema.pick({ label: true, box: true, order: true })),
    }),
    z.object({ type: z.literal('block'), page: z.int(), block: blockSchema }),
    z.object({ type: z.literal('page-done'), page: pageSchema }),
    z.object({ type: z.literal('done'), markdown: z.string(), failedBlockCount: z.int() }),
    z.object({
      type: z.literal('error'),
      error: z.object({ code: z.string(), message: z.string(), requestId: z.string() }),
    }),
  ])
  .openapi('ParseEvent', { description: 'The last event is `done` or `error`; a stream without either was cut off.' });

export type BlockBody = z.infer<typeof blockSchema>;
export type PageBody = z.infer<typeof pageSchema>;
export type DocumentBody = z.infer<typeof documentSchema>;
export type ParseEventBody = z.infer<typeof parseEventSchema>;
