export { type CompiledModel, type CompileProgress, compileModel, findCompiledModel } from './compile/compile-model.js';
export { type CompileTarget, chooseTarget } from './compile/compile-target.js';
export { embedKvPool, pagedBlockBytes, pagedBlockSize } from './compile/cuda/kv-pool.js';
export { keyCacheName, valueCacheName } from './compile/cuda/paged-decoder-graph.js';
export { type FreeWeight, readFreeWeights } from './compile/free-weights.js';
export { acceptRereads, type ReadPlan } from './document/accept-rereads.js';
export { assembleBlock } from './document/assemble-block.js';
export { type AssembleOptions, assemblePage } from './document/assemble-page.js';
export { checkReadings, mostRereadRounds, type Reread } from './document/check-readings.js';
export { type CropFailure, type CropOutcome, isFailure } from './document/crop-outcome.js';
export { cutCrop } from './document/cut-crop.js';
export { blockMarkdown, formatMarkdown, type MarkdownOptions, type PicturePath } from './document/format-markdown.js';
export { defaultPageHints, type PageHints, pageHintsOf } from './document/page-hints.js';
export type { PagePlan, PlannedBlock, PlannedCell, PlannedCrop, PlannedGrid } from './document/page-plan.js';
export { parsePageRange } from './document/page-range.js';
export type { Block, PageResult } from './document/page-result.js';
export { parseSpotting, type SpottedText } from './document/parse-spotting.js';
export { figurePathOf, isPictureLabel, picturePathOf } from './document/picture-path.js';
export type { CropLimits } from './document/plan-lines.js';
export { type PlanOptions, planPage } from './document/plan-page.js';
export { planWholePage } from './document/plan-whole-page.js';
export {
  defaultRecipe,
  paddlexIgnoreLabels,
  paddlexRecipe,
  type RecipeOptions,
  resolveRecipe,
} from './document/recipe-options.js';
export {
  type DocumentPlace,
  type Restructured,
  type RestructureOptions,
  restructurePages,
} from './document/restructure-pages.js';
export { embeddedModelDir } from './embedded-model.js';
export { ModelError, type ModelErrorCode, modelErrorCodes } from './errors.js';
export { meanConfidence } from './generation/confidence.js';
export { type CudaVisionInputs, createCudaVisionInputs } from './generation/cuda-vision-inputs.js';
export {
  createLoopGuard,
  type LoopGuard,
  type LoopLimits,
  loopLimitsFor,
  type Repetition,
} from './generation/loop-guard.js';
export { createPagedInputs, isStep, type PagedInputs, type PagedRow } from './generation/paged-inputs.js';
export {
  createPrefillInputs,
  type PrefillBatch,
  type PrefillInputs,
  type PrefillPrompt,
} from './generation/prefill-inputs.js';
export type { FinishReason, Reading } from './generation/reading.js';
export { type Task, taskPrompts, tasks } from './generation/task.js';
export { truncateRepetition } from './generation/truncate-repetition.js';
export { createVisionInputs, type VisionInputs } from './generation/vision-inputs.js';
export { cropImage } from './image/crop-image.js';
export { type CropPatches, patchByteCount } from './image/crop-patches.js';
export { cropProcessor, type RequestedPixels } from './image/crop-processor.js';
export { cropToPatches } from './image/crop-to-patches.js';
export { padToAspect } from './image/pad-image.js';
export { resizeImage } from './image/resize-image.js';
export type { RgbImage } from './image/rgb-image.js';
export { type ImageSize, imageTokenCount, maxAspectRatio, smartResize } from './image/smart-resize.js';
export { type ClassMap, classIdOf } from './layout/class-map.js';
export { detectRegions } from './layout/detect-regions.js';
export type { Detection, PageSize, Point } from './layout/detection.js';
export { type DetectorConfig, readDetectorConfig } from './layout/detector-config.js';
export { detectorBand, detectorInput, joinBands } from './layout/detector-input.js';
export type { LayoutBox } from './layout/layout-box.js';
export {
  defaultLayoutOptions,
  type LayoutOptions,
  type MergeMode,
  resolveLayoutOptions,
  type ShapeMode,
  type UnclipRatio,
} from './layout/layout-options.js';
export { type PackedInk, packInk, unpackInk } from './layout/packed-ink.js';
export { type PageInk, readInk } from './layout/page-ink.js';
export { readingPlaces } from './layout/reading-places.js';
export { type Box, type LayoutLabel, layoutLabels, type Region } from './layout/region.js';
export { type DetectorOutputs, regionsFromOutputs } from './layout/regions-from-outputs.js';
export { type DetectorPixels, runDetector } from './layout/run-detector.js';
export { type LayoutSelection, selectRegions } from './layout/select-regions.js';
export { type LineBreaks, type Manifest, manifestSchema, type VisionPositionAlign } from './manifest.js';
export { type LayoutFolder, type ModelFolder, openModel } from './open-model.js';
export type { ImageProcessorConfig, ReaderConfig, TextConfig, VisionConfig } from './reader-config.js';
export type { ElementType, NamedTensors, Session, Tensor, TensorArrays } from './session.js';
export { type OpenedTokenizer, openTokenizer } from './tokenizer/open-tokenizer.js';
export type { Prompt, PromptMessage, PromptPart, PromptTemplate } from './tokenizer/prompt.js';
export { createTokenStream, type TokenStream } from './tokenizer/token-stream.js';
export type { DecodeOptions, Tokenizer } from './tokenizer/tokenizer.js';
