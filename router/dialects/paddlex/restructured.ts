import { type PageOutcome, type RestructureOptions, restructurePages } from '#pool';
import type { DocumentPage } from './pruned-result.js';

/** The pages of a document once all have come, with what only all of them together tell. */
export async function* restructured(
  pages: AsyncIterable<PageOutcome>,
  options: RestructureOptions,
): AsyncGenerator<DocumentPage, void, undefined> {
  const all: PageOutcome[] = [];
  for await (const page of pages) all.push(page);
  const blocks = restructurePages(
    all.map((page) => page.blocks),
    options,
  );
  for (const [index, page] of all.entries()) yield { ...page, blocks: blocks[index] };
}
