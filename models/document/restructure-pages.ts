import { joinPageTables, type TableBlock } from './join-page-tables.js';
import { relevelTitles } from './relevel-titles.js';

export interface RestructureOptions {
  /** Tables that go on over a page break become one, on its first page. */
  readonly mergeTables: boolean;
  /** Section titles get their levels from the whole document. */
  readonly relevelTitles: boolean;
}

/** What a block is in its document. */
export interface DocumentPlace {
  /** Index among all blocks of the document. */
  readonly index: number;
  /** Index of the block that took its text; its own where none did. */
  readonly groupIndex: number;
}

export type Restructured<Block extends TableBlock> = Block & {
  readonly inDocument: DocumentPlace;
  readonly titleLevel?: number;
};

/** What only the whole document tells: which tables are one, and how its titles stand to one another. */
export function restructurePages<Block extends TableBlock>(
  pages: readonly (readonly Block[])[],
  options: RestructureOptions,
): Restructured<Block>[][] {
  const { texts, joins } = options.mergeTables
    ? joinPageTables(pages)
    : { texts: pages.map((blocks) => blocks.map(({ text }) => text)), joins: [] };
  const firstIndex = runningStarts(pages);
  const groupOf = new Map<number, number>();
  // Joins come from the end of the document; a chain of them leads to its first table.
  for (const { page, block, intoBlock } of joins.toReversed()) {
    const into = firstIndex[page - 1] + intoBlock;
    groupOf.set(firstIndex[page] + block, groupOf.get(into) ?? into);
  }
  const levels = options.relevelTitles ? levelsOf(pages) : new Map<TableBlock, number>();
  return pages.map((blocks, page) =>
    blocks.map((block, place) => {
      const index = firstIndex[page] + place;
      const titleLevel = levels.get(block);
      return {
        ...block,
        text: texts[page][place],
        inDocument: { index, groupIndex: groupOf.get(index) ?? index },
        ...(titleLevel === undefined ? {} : { titleLevel }),
      };
    }),
  );
}

function runningStarts(pages: readonly (readonly unknown[])[]): number[] {
  let count = 0;
  return pages.map((blocks) => {
    const start = count;
    count += blocks.length;
    return start;
  });
}

function levelsOf(pages: readonly (readonly TableBlock[])[]): ReadonlyMap<TableBlock, number> {
  const titles = pages.flat().filter(({ label }) => label === 'paragraph_title');
  const levels = relevelTitles(titles);
  return new Map(titles.map((title, index) => [title, levels[index]]));
}
