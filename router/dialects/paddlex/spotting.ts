import { parseSpotting, type RecipeOptions, type SpottedText } from '#pool';
import type { DocumentPage } from './pruned-result.js';

/** A page that was asked for its texts and their places. */
export interface SpottedPage {
  /** The page, its one block holding the texts alone. */
  readonly page: DocumentPage;
  readonly texts: readonly SpottedText[];
}

/** What the spotting prompt found on a page without layout; undefined for pages that were read otherwise. */
export function spotted(page: DocumentPage, recipe: RecipeOptions): SpottedPage | undefined {
  if (recipe.useLayoutDetection || recipe.promptLabel !== 'spotting') return undefined;
  const texts = page.blocks.flatMap((block) => parseSpotting(block.text, page));
  const blocks = page.blocks.map((block) => ({
    ...block,
    text: parseSpotting(block.text, page)
      .map(({ text }) => text)
      .join('\n\n'),
  }));
  return { page: { ...page, blocks }, texts };
}
