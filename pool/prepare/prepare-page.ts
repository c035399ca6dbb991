import {
  type CropPatches,
  cropProcessor,
  cropToPatches,
  cutCrop,
  type DetectorConfig,
  type DetectorOutputs,
  type DetectorPixels,
  detectorBand,
  detectorInput,
  detectRegions,
  type PageInk,
  type PlannedCrop,
  planPage,
  planWholePage,
  type RecipeOptions,
  type RequestedPixels,
  type RgbImage,
} from '#models';
import type { PreparedPage, PrepareSetup } from './prepare-protocol.js';

/** A page as the layout detector takes it. */
export function detectorPixels(image: RgbImage, { input }: Pick<DetectorConfig, 'input'>): DetectorPixels {
  const { width, height } = input.size;
  return { width, height, pixels: detectorInput(image, input.size) };
}

/** One of `count` bands of it, of about the same height. */
export function detectorBandOf(
  image: RgbImage,
  { input }: Pick<DetectorConfig, 'input'>,
  band: number,
  count: number,
): Uint8Array {
  const edge = (place: number) => Math.round((input.size.height * place) / count);
  return detectorBand(image, input.size, edge(band), edge(band + 1));
}

/**
 * Finds out what there is to read on a page, and how it is cut. `outputs` are those of the layout detector; without them
 * the page is one block. `ink` may be at hand.
 */
export function layOutPage(
  image: RgbImage,
  recipe: RecipeOptions,
  outputs: DetectorOutputs | null,
  ink: PageInk | undefined,
  { hints, imageProcessor }: Pick<PrepareSetup, 'hints' | 'imageProcessor'>,
): Pick<PreparedPage, 'plan' | 'detections'> {
  const { patchSize, mergeSize } = imageProcessor;
  const { minPixels, maxPixels } = cropProcessor(imageProcessor, 'ocr', recipe);
  const limits = { cellSide: patchSize * mergeSize, minPixels, maxPixels };
  const options = { recipe, hints, limits };
  if (!outputs) return { plan: planWholePage(image, options, ink), detections: [] };
  const { regions, boxes } = detectRegions(outputs, image, recipe);
  return {
    plan: planPage(image, regions, options, ink),
    detections: boxes.map(({ label, box, score }, order) => ({ label, box, score, order })),
  };
}

/** One planned crop as the vision encoder takes it. */
export function cropPatches(
  image: RgbImage,
  slope: number,
  crop: PlannedCrop,
  pixels: RequestedPixels,
  { imageProcessor }: Pick<PrepareSetup, 'imageProcessor'>,
): CropPatches {
  const processor = cropProcessor(imageProcessor, crop.task, pixels);
  // A size that the plan chose stands, also below the processor's own least.
  const planned = crop.size ? crop.size.width * crop.size.height : processor.minPixels;
  const limits = { ...processor, minPixels: Math.min(processor.minPixels, planned) };
  return cropToPatches(cutCrop(image, { slope }, crop), limits, crop.task);
}
