import { paddlexRecipe, type RecipeOptions, resolveRecipe, type Task } from '#pool';
import { fieldInvalid } from './check-fields.js';
import type { LayoutRequest } from './layout-request.js';

/** Tasks whose pixels `vlmExtraArgs` may limit; spotting keeps its own. */
const limitedTasks = ['ocr', 'table', 'chart', 'formula', 'seal'] as const satisfies readonly Task[];

/**
 * How a PaddleX request wants its pages read; what it leaves out is as PaddleX ships it.
 *
 * @throws RouterError FIELDS_INVALID for models that Quire has not and for wrong `vlmExtraArgs`.
 */
export function toRecipe(request: LayoutRequest): RecipeOptions {
  for (const field of ['useDocOrientationClassify', 'useDocUnwarping'] as const) {
    if (request[field]) {
      throw fieldInvalid(
        field,
        `the input params for model settings are invalid! ${field} needs a model that is not available here.`,
      );
    }
  }
  const useLayoutDetection = request.useLayoutDetection ?? true;
  const taskPixels = toTaskPixels(request.vlmExtraArgs ?? {});
  return resolveRecipe(
    {
      useLayoutDetection,
      promptLabel: request.promptLabel,
      // Without layout the page is what `promptLabel` says, so it is read.
      useChartRecognition: useLayoutDetection ? request.useChartRecognition : true,
      useSealRecognition: useLayoutDetection ? request.useSealRecognition : true,
      useOcrForImageBlock: request.useOcrForImageBlock,
      layoutThreshold: request.layoutThreshold,
      layoutNms: request.layoutNms,
      layoutUnclipRatio: request.layoutUnclipRatio,
      layoutMergeBboxesMode: request.layoutMergeBboxesMode,
      layoutShapeMode: request.layoutShapeMode,
      mergeLayoutBlocks: request.mergeLayoutBlocks,
      formatBlockContent: request.formatBlockContent,
      markdownIgnoreLabels: request.markdownIgnoreLabels,
      prettifyMarkdown: request.prettifyMarkdown,
      showFormulaNumber: request.showFormulaNumber,
      minPixels: request.minPixels,
      maxPixels: request.maxPixels,
      maxNewTokens: request.maxNewTokens,
      ...(taskPixels ? { taskPixels } : {}),
    } as Parameters<typeof resolveRecipe>[0],
    paddlexRecipe,
  );
}

function toTaskPixels(extra: Readonly<Record<string, unknown>>): RecipeOptions['taskPixels'] {
  const entries = limitedTasks.flatMap((task) => {
    const minPixels = readPixels(extra, `${task}_min_pixels`);
    const maxPixels = readPixels(extra, `${task}_max_pixels`);
    if (minPixels && maxPixels && minPixels > maxPixels) {
      throw fieldInvalid('vlmExtraArgs', `vlmExtraArgs: ${task}_min_pixels must not be larger than ${task}_max_pixels`);
    }
    const range = { ...(minPixels ? { minPixels } : {}), ...(maxPixels ? { maxPixels } : {}) };
    return Object.keys(range).length > 0 ? [[task, range] as const] : [];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function readPixels(extra: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = Object.hasOwn(extra, name) ? extra[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw fieldInvalid('vlmExtraArgs', `vlmExtraArgs: ${name} must be a positive integer`);
}
