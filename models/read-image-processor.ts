import { z } from 'zod';
import type { ImageProcessorConfig } from './reader-config.js';
import { checkSnapshotFile, readSnapshotJson } from './snapshot-files.js';

const pixels = z.number().int().min(1).max(1_000_000_000);
const triple = z.tuple([z.number(), z.number(), z.number()]);

// Defaults are the published preprocessor of versions 1.5 and 1.6, not those of the transformers class.
const schema = z
  .looseObject({
    min_pixels: pixels.nullish(),
    max_pixels: pixels.nullish(),
    size: z
      .looseObject({
        min_pixels: pixels.optional(),
        max_pixels: pixels.optional(),
        shortest_edge: pixels.optional(),
        longest_edge: pixels.optional(),
      })
      .nullish(),
    patch_size: z.number().int().min(1).max(1024).default(14),
    merge_size: z.number().int().min(1).max(16).default(2),
    temporal_patch_size: z.literal(1).default(1),
    image_mean: triple.default([0.5, 0.5, 0.5]),
    image_std: triple.refine((std) => std.every((value) => value > 0), 'must be positive').default([0.5, 0.5, 0.5]),
    rescale_factor: z
      .number()
      .positive()
      .default(1 / 255),
  })
  .transform(
    (file): ImageProcessorConfig => ({
      minPixels: file.min_pixels ?? file.size?.min_pixels ?? file.size?.shortest_edge ?? 112_896,
      maxPixels: file.max_pixels ?? file.size?.max_pixels ?? file.size?.longest_edge ?? 1_003_520,
      patchSize: file.patch_size,
      mergeSize: file.merge_size,
      mean: file.image_mean,
      std: file.image_std,
      rescaleFactor: file.rescale_factor,
    }),
  )
  .refine((config) => config.minPixels <= config.maxPixels, { path: ['min_pixels'], message: 'exceeds max_pixels' });

/** Reads `preprocessor_config.json`; pixel limits stand at the root or in `size`. Throws MODEL_INVALID. */
export function readImageProcessor(folder: string): ImageProcessorConfig {
  const name = 'preprocessor_config.json';
  return checkSnapshotFile(schema, readSnapshotJson(folder, name) ?? {}, folder, name);
}
