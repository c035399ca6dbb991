import {
  type CropPatches,
  cropProcessor,
  cropToPatches,
  cutCrop,
  detectRegions,
  type PlannedCrop,
  planPage,
  planWholePage,
  type RecipeOptions,
  type RequestedPixels,
  type RgbImage,
  type Session,
} from '#models';
import type { PreparedPage, PrepareSetup } from './prepare-protocol.js';

/** What planning a page needs besides its pixels. */
export interface PageStage {
  readonly setup: Pick<PrepareSetup, 'hints' | 'imageProcessor' | 'layout'>;
  /** The layout detector, where the thread has one. */
  readonly detector: Session | null;
}

/** Finds out what there is to read on a page, and how it is cut. */
export async function layOutPage(
  image: RgbImage,
  recipe: RecipeOptions,
  { setup, detector }: PageStage,
): Promise<Pick<PreparedPage, 'plan' | 'detections'> & { timings: Omit<PreparedPage['timings'], 'decodeMs'> }> {
  const { patchSize, mergeSize } = setup.imageProcessor;
  const { minPixels, maxPixels } = cropProcessor(setup.imageProcessor, 'ocr', recipe);
  const limits = { cellSide: patchSize * mergeSize, minPixels, maxPixels };
  const options = { recipe, hints: setup.hints, limits };

  const started = performance.now();
  const selection =
    recipe.useLayoutDetection && detector && setup.layout
      ? await detectRegions(image, detector, setup.layout.config, recipe)
      : null;
  const detected = performance.now();
  const plan = selection ? planPage(image, selection.regions, options) : planWholePage(image, options);
  const planned = performance.now();
  return {
    plan,
    detections: selection?.boxes.map(({ label, box, score }, order) => ({ label, box, score, order })) ?? [],
    timings: { detectMs: detected - started, planMs: planned - detected },
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
