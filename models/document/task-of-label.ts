import type { Task } from '../generation/task.js';
import type { LayoutLabel } from '../layout/region.js';
import type { PageHints } from './page-hints.js';
import type { RecipeOptions } from './recipe-options.js';

const imageLabels: ReadonlySet<LayoutLabel> = new Set(['image', 'header_image', 'footer_image']);

/**
 * What a block is read as; undefined for pictures that are not read. Tasks the model does not know become plain text.
 * Source: block handling of PaddleX's PaddleOCR-VL pipeline.
 */
export function taskOfLabel(
  label: LayoutLabel,
  recipe: Pick<RecipeOptions, 'useOcrForImageBlock' | 'useChartRecognition' | 'useSealRecognition'>,
  { tasks }: Pick<PageHints, 'tasks'>,
): Task | undefined {
  const wanted = wantedTask(label, recipe);
  return wanted && tasks && !tasks.includes(wanted) ? 'ocr' : wanted;
}

function wantedTask(
  label: LayoutLabel,
  recipe: Pick<RecipeOptions, 'useOcrForImageBlock' | 'useChartRecognition' | 'useSealRecognition'>,
): Task | undefined {
  if (imageLabels.has(label)) return recipe.useOcrForImageBlock ? 'ocr' : undefined;
  if (label === 'chart') return recipe.useChartRecognition ? 'chart' : undefined;
  if (label === 'seal') return recipe.useSealRecognition ? 'seal' : undefined;
  if (label === 'table') return 'table';
  return label.includes('formula') && label !== 'formula_number' ? 'formula' : 'ocr';
}
