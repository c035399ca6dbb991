import { type Block, formatMarkdown, type PictureWishes, picturePathOf, type RecipeOptions } from '#pool';
import type { LayoutItem } from './layout-response.js';
import { type DocumentPage, toPrunedResult } from './pruned-result.js';
import { spotted } from './spotting.js';

/** What a request wants beside the text. */
export interface LayoutExtras {
  readonly visualize: boolean;
  readonly returnMarkdownImages: boolean;
}

/** The pictures to ask of the pool. */
export function wantedPictures(
  { visualize, returnMarkdownImages }: LayoutExtras,
  { useLayoutDetection }: Pick<RecipeOptions, 'useLayoutDetection'>,
): PictureWishes {
  return {
    page: visualize,
    layout: visualize && useLayoutDetection,
    blocks: returnMarkdownImages && useLayoutDetection,
  };
}

/** One page of `layoutParsingResults`; pictures that were not asked for are left out. */
export function toLayoutItem(read: DocumentPage, recipe: RecipeOptions, extras: LayoutExtras): LayoutItem {
  const spotting = spotted(read, recipe);
  const page = spotting?.page ?? read;
  // A page without layout is read, whatever it is; it has no pictures.
  const pathOf = (block: Block) => (recipe.useLayoutDetection ? picturePathOf(block, recipe) : undefined);
  const text = formatMarkdown(page.blocks, page.width, recipe, pathOf);
  const images = page.blocks.flatMap((block) => {
    const path = pathOf(block);
    const jpeg = page.blockJpegs?.get(block.order);
    const isShown = path !== undefined && !recipe.markdownIgnoreLabels.includes(block.label);
    return isShown && jpeg ? [[path, toBase64(jpeg)] as const] : [];
  });
  for (const [path, jpeg] of page.figureJpegs ?? []) images.push([path, toBase64(jpeg)] as const);
  return {
    prunedResult: toPrunedResult(page, recipe, spotting?.texts),
    markdown: { text, ...(extras.returnMarkdownImages ? { images: Object.fromEntries(images) } : {}) },
    ...(extras.visualize ? { outputImages: page.layoutJpeg ? { layout_det_res: toBase64(page.layoutJpeg) } : {} } : {}),
    ...(extras.visualize && page.pageJpeg ? { inputImage: toBase64(page.pageJpeg) } : {}),
  };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
