import { z } from 'zod';
import { tasks } from './generation/task.js';

const side = z.number().int().min(64).max(20_000);
const tokenLimit = z.number().int().min(1).max(131_072);

/** What `quire.json` may say about a model beyond its snapshot; every field has a default. */
export const manifestSchema = z.strictObject({
  name: z.string().min(1).optional().describe('Name in answers and lists; the name of the folder when absent.'),
  aliases: z.array(z.string().min(1)).default([]).describe('Other names clients may ask for.'),
  visionPositionAlign: z
    .enum(['corners', 'half-pixel'])
    .default('half-pixel')
    .describe('How learned positions are stretched over a crop: bilinear with align_corners true or false.'),
  lineBreaks: z
    .enum(['printed', 'paragraphs'])
    .default('paragraphs')
    .describe('Whether a line break in the output is a printed line or the end of a paragraph.'),
  page: z
    .strictObject({
      minSide: side.optional().describe('Pages whose longer side is smaller are enlarged to it, in pixels.'),
      maxSide: side.optional().describe('Pages whose longer side is larger are shrunk to it, in pixels.'),
    })
    .prefault({})
    .describe('Page sizes at which the letters have the heights the reader was trained on.'),
  crop: z
    .strictObject({
      maxLineCount: z
        .number()
        .int()
        .min(1)
        .max(1000)
        .optional()
        .describe('Printed lines one crop should hold at most; absent: a block is one crop.'),
      lineHeight: z
        .strictObject({ least: z.number().min(4).max(200), best: z.number().min(4).max(200) })
        .optional()
        .describe('Height of a printed line, ascender to descender, in the pixels the reader gets.'),
      minPixels: z
        .number()
        .int()
        .min(784)
        .optional()
        .describe('Pixels of a crop of single lines at least, where that is less than the image processor asks for.'),
      maxLineWidth: side.optional().describe('Widest crop of a printed line, in the pixels the reader gets.'),
    })
    .prefault({})
    .describe('Limits of one crop besides the pixel limits of the image processor.'),
  tasks: z
    .array(z.enum(tasks))
    .min(1)
    .optional()
    .describe('Tasks the model was trained on; blocks of others are read as plain text.'),
  table: z
    .strictObject({ rows: z.number().int().min(1), columns: z.number().int().min(1) })
    .optional()
    .describe('Largest table read in one crop; larger ones, and those with several lines in a cell, go cell by cell.'),
  precision: z
    .strictObject({
      cpu: z.enum(['fp32', 'int8']).default('fp32'),
      cuda: z.enum(['fp32', 'fp16']).default('fp16'),
    })
    .prefault({})
    .describe('Arithmetic to use where the settings say auto.'),
  maxTokens: z
    .partialRecord(z.enum(tasks), tokenLimit)
    .default({})
    .describe('Output tokens at most, by task; the setting of the engine stands where a task is absent.'),
  canary: z
    .strictObject({
      image: z.string().min(1).describe('Path of a crop inside the model folder.'),
      text: z.string().min(1).describe('Its exact reading.'),
      task: z.enum(tasks).default('ocr'),
    })
    .optional()
    .describe('A crop with its known text: a device is ready when it has read it right.'),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type VisionPositionAlign = Manifest['visionPositionAlign'];
export type LineBreaks = Manifest['lineBreaks'];
