import { z } from '@hono/zod-openapi';
import { successSchema } from './envelope.js';

const box = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const base64 = z.string().openapi({ description: 'JPEG in Base64.' });

const parsedBlockSchema = z.object({
  block_label: z.string(),
  block_content: z.string(),
  block_bbox: box,
  block_id: z.int().openapi({ description: 'Index in the list.' }),
  block_order: z.int().nullable().openapi({ description: 'Place in the reading order; null beside the text flow.' }),
  group_id: z
    .int()
    .openapi({ description: 'Index of the first block of its group; its own where nothing was merged.' }),
  global_block_id: z.int().optional(),
  global_group_id: z.int().optional(),
  block_error: z
    .object({ code: z.string(), message: z.string() })
    .optional()
    .openapi({ description: 'Only of Quire: why this block could not be read.' }),
});

export const prunedResultSchema = z
  .object({
    page_count: z.int().nullable(),
    width: z.number().nullable(),
    height: z.number().nullable(),
    model_settings: z.object({
      use_doc_preprocessor: z.boolean(),
      use_layout_detection: z.boolean(),
      use_chart_recognition: z.boolean(),
      use_seal_recognition: z.boolean(),
      use_ocr_for_image_block: z.boolean(),
      format_block_content: z.boolean(),
      merge_layout_blocks: z.boolean(),
      markdown_ignore_labels: z.array(z.string()),
      return_layout_polygon_points: z.boolean(),
    }),
    parsing_res_list: z.array(parsedBlockSchema),
    spotting_res: z
      .object({ rec_polys: z.array(z.array(z.tuple([z.number(), z.number()]))), rec_texts: z.array(z.string()) })
      .optional(),
    layout_det_res: z
      .object({
        boxes: z.array(
          z.object({
            cls_id: z.int(),
            label: z.string(),
            score: z.number(),
            coordinate: box,
            order: z.int().nullable(),
          }),
        ),
      })
      .optional()
      .openapi({ description: 'Only with layout detection.' }),
  })
  .openapi('PrunedResult');

export const markdownSchema = z.object({
  text: z.string(),
  images: z.record(z.string(), base64).optional().openapi({ description: 'By the path the text names them with.' }),
});

export const layoutItemSchema = z
  .object({
    prunedResult: prunedResultSchema,
    markdown: markdownSchema,
    outputImages: z.record(z.string(), base64).optional(),
    inputImage: base64.optional(),
  })
  .openapi('LayoutParsingResult');

const pageSize = { width: z.int(), height: z.int() };

export const dataInfoSchema = z
  .union([
    z.object({ ...pageSize, type: z.literal('image') }),
    z.object({ numPages: z.int(), pages: z.array(z.object(pageSize)), type: z.literal('pdf') }),
  ])
  .openapi('DataInfo');

export const layoutResponseSchema = successSchema(
  z.object({ layoutParsingResults: z.array(layoutItemSchema), dataInfo: dataInfoSchema }),
).openapi('LayoutParsingResponse');

export const restructureResponseSchema = successSchema(
  z.object({
    layoutParsingResults: z.array(
      z.object({ prunedResult: z.record(z.string(), z.unknown()), markdown: markdownSchema }),
    ),
  }),
).openapi('RestructurePagesResponse');

export type ParsedBlock = z.infer<typeof parsedBlockSchema>;
export type PrunedResult = z.infer<typeof prunedResultSchema>;
export type LayoutItem = z.infer<typeof layoutItemSchema>;
export type DataInfo = z.infer<typeof dataInfoSchema>;
