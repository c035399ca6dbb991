import { z } from '@hono/zod-openapi';
import { writingFields } from './layout-request.js';

const coordinate = z.number().min(-1e9).max(1e9);

const blockSchema = z.looseObject({
  block_label: z.string().max(100),
  block_content: z.string().nullish(),
  block_bbox: z.tuple([coordinate, coordinate, coordinate, coordinate]),
});

/** `prunedResult` as `/layout-parsing` gave it; fields that are not needed here go through untouched. */
const prunedResultSchema = z.looseObject({
  width: z.number().gt(0).max(1e9).nullish(),
  height: z.number().gt(0).max(1e9).nullish(),
  parsing_res_list: z.array(blockSchema).max(100_000),
  model_settings: z.looseObject({ markdown_ignore_labels: z.array(z.string()).nullish() }).nullish(),
});

/** Body of `POST /restructure-pages`. */
export const restructureRequestSchema = z
  .object({
    pages: z
      .array(
        z.object({
          prunedResult: prunedResultSchema,
          markdownImages: z.record(z.string(), z.string()).nullish(),
        }),
      )
      .min(1)
      .max(10_000),
    concatenatePages: z.boolean().default(false).openapi({ description: 'One result for the whole document.' }),
    ...writingFields,
  })
  .openapi('RestructurePagesRequest');

export type RestructureRequest = z.output<typeof restructureRequestSchema>;
export type PrunedPage = RestructureRequest['pages'][number]['prunedResult'];
