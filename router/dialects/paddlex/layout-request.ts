import { z } from '@hono/zod-openapi';

const flag = (fallback: boolean, description: string) =>
  z
    .boolean()
    .nullish()
    .openapi({ description: `${description} Null: ${fallback}.` });
const positiveInt = () => z.int().min(1).nullish();
const perClass = <Value extends z.ZodType>(value: Value) =>
  z.record(z.string(), value).openapi({ description: 'Per class: ids or labels of PP-DocLayout.' });

const threshold = z.number().min(0).max(1);
const ratio = z.number().gt(0);
const unclip = z.union([ratio, z.tuple([ratio, ratio])]);
const mergeMode = z.enum(['large', 'small', 'union']);
const minPixels = { path: ['minPixels'], message: 'minPixels must not be larger than maxPixels' };

/** Options that say how Markdown and pages are written; shared by both POST routes. */
export const writingFields = {
  mergeTables: z.boolean().default(true).openapi({ description: 'Tables that go on over a page break become one.' }),
  relevelTitles: z.boolean().default(true).openapi({ description: 'Heading levels from the whole document.' }),
  prettifyMarkdown: z.boolean().default(true).openapi({ description: 'Centred captions, pictures and tables.' }),
  showFormulaNumber: z.boolean().default(false),
  returnMarkdownImages: z.boolean().default(true),
  outputFormats: z
    .array(z.string().max(100))
    .max(10)
    .nullish()
    .openapi({ description: 'Must be empty: Word export is not available.' }),
  logId: z.string().max(1000).nullish().openapi({ description: 'Echoed in the answer.' }),
};

/** Body of `POST /layout-parsing`; unknown fields are ignored, as PaddleX does. */
export const layoutRequestSchema = z
  .object({
    file: z.string().min(1).openapi({ description: 'A PDF or picture: http(s) URL or Base64.' }),
    fileType: z
      .union([z.literal(0), z.literal(1)])
      .nullish()
      .openapi({ description: '0 PDF, 1 picture. Null: by the extension of the URL; Base64 needs it.' }),
    useDocOrientationClassify: flag(false, 'Refused when true: the model is not part of Quire.'),
    useDocUnwarping: flag(false, 'Refused when true: the model is not part of Quire.'),
    useLayoutDetection: flag(true, 'Off: the page is one block, read as `promptLabel`.'),
    useChartRecognition: flag(false, 'Reads charts as tables.'),
    useSealRecognition: flag(false, 'Reads seals.'),
    useOcrForImageBlock: flag(false, 'Reads the text in pictures.'),
    layoutThreshold: z.union([threshold, perClass(threshold)]).nullish(),
    layoutNms: z.boolean().nullish(),
    layoutUnclipRatio: z.union([unclip, perClass(unclip)]).nullish(),
    layoutMergeBboxesMode: z.union([mergeMode, perClass(mergeMode)]).nullish(),
    layoutShapeMode: z.enum(['rect', 'quad', 'poly', 'auto']).default('auto'),
    promptLabel: z
      .enum(['ocr', 'formula', 'table', 'chart', 'seal', 'spotting'])
      .nullish()
      .openapi({ description: 'Only without layout detection.' }),
    formatBlockContent: flag(false, 'Blocks hold their Markdown.'),
    repetitionPenalty: z.number().gt(0).nullish().openapi({ description: 'Ignored: decoding is greedy.' }),
    temperature: z.number().min(0).nullish().openapi({ description: 'Ignored: decoding is greedy.' }),
    topP: z.number().gt(0).max(1).nullish().openapi({ description: 'Ignored: decoding is greedy.' }),
    minPixels: positiveInt(),
    maxPixels: positiveInt(),
    maxNewTokens: positiveInt(),
    mergeLayoutBlocks: flag(true, 'Text that goes on in the next column or round a figure is one block.'),
    markdownIgnoreLabels: z.array(z.string().max(100)).max(100).nullish(),
    vlmExtraArgs: z
      .record(z.string(), z.unknown())
      .nullish()
      .openapi({ description: '`{ocr,table,chart,formula,seal}_{min,max}_pixels`.' }),
    restructurePages: z.boolean().default(false).openapi({ description: 'Applies the two options after this one.' }),
    visualize: flag(true, 'Sends `inputImage` and `outputImages`; makes answers large.'),
    ...writingFields,
  })
  .refine((body) => !body.minPixels || !body.maxPixels || body.minPixels <= body.maxPixels, minPixels)
  .openapi('LayoutParsingRequest');

export type LayoutRequest = z.output<typeof layoutRequestSchema>;
