import type { LayoutLabel } from '../layout/region.js';
import type { Block } from './page-result.js';
import type { RecipeOptions } from './recipe-options.js';

const pictureLabels: ReadonlySet<LayoutLabel> = new Set(['image', 'header_image', 'footer_image', 'seal']);

/** Whether blocks of this label are kept as pictures: a chart is, unless it is read. Source: PaddleX's pipeline. */
export function isPictureLabel(label: LayoutLabel, recipe: Pick<RecipeOptions, 'useChartRecognition'>): boolean {
  return pictureLabels.has(label) || (label === 'chart' && !recipe.useChartRecognition);
}

/** Where the Markdown looks for the picture of a block, named as PaddleX does; undefined for blocks that are text. */
export function picturePathOf(
  block: Pick<Block, 'label' | 'box'>,
  recipe: Pick<RecipeOptions, 'useChartRecognition'>,
): string | undefined {
  return isPictureLabel(block.label, recipe) ? figurePathOf(block) : undefined;
}

/** The path of a picture that is one: a block of its own or a figure of a table. */
export function figurePathOf({ label, box }: Pick<Block, 'label' | 'box'>): string {
  return `imgs/img_in_${label}_box_${box.join('_')}.jpg`;
}
