import { assembleBlock } from './assemble-block.js';
import type { CropOutcome } from './crop-outcome.js';
import { formatMarkdown, type PicturePath } from './format-markdown.js';
import type { PageHints } from './page-hints.js';
import type { PagePlan } from './page-plan.js';
import type { PageResult } from './page-result.js';
import type { RecipeOptions } from './recipe-options.js';

export interface AssembleOptions {
  readonly recipe: RecipeOptions;
  readonly hints: Pick<PageHints, 'lineBreaks'>;
  /** Where the picture of a block will be found; without it the Markdown leaves pictures out. */
  readonly picturePath?: PicturePath;
}

/**
 * The page from what was read of it: `outcomes[b][c]` belongs to crop `c` of block `b` of the plan. Blocks keep the
 * places they have in the plan; left-over ink that turned out to be no text is gone.
 */
export function assemblePage(
  plan: PagePlan,
  outcomes: readonly (readonly CropOutcome[])[],
  { recipe, hints, picturePath }: AssembleOptions,
): PageResult {
  const blocks = plan.blocks.flatMap((block, index) => {
    const assembled = assembleBlock(block, outcomes[index] ?? [], index + 1, hints);
    return block.isStray && assembled.text === '' && !assembled.error ? [] : [assembled];
  });
  const { width, height } = plan;
  return { width, height, blocks, markdown: formatMarkdown(blocks, width, recipe, picturePath) };
}
