import type { DocumentKind, RecipeOptions } from '#pool';
import { type LayoutExtras, toLayoutItem } from './layout-item.js';
import type { DataInfo } from './layout-response.js';
import type { DocumentPage } from './pruned-result.js';

export interface LayoutAnswerOptions extends LayoutExtras {
  readonly logId: string;
  readonly kind: DocumentKind;
  readonly recipe: RecipeOptions;
}

/**
 * The text of a `/layout-parsing` answer, one page at a time: the envelope, each page as it comes, and what was seen
 * of the document (`dataInfo`).
 */
export async function* layoutAnswer(
  pages: AsyncIterable<DocumentPage>,
  { logId, kind, recipe, ...extras }: LayoutAnswerOptions,
): AsyncGenerator<string, void, undefined> {
  const head = JSON.stringify({ logId, errorCode: 0, errorMsg: 'Success' });
  yield `${head.slice(0, -1)},"result":{"layoutParsingResults":[`;
  const sizes: { width: number; height: number }[] = [];
  for await (const page of pages) {
    const item = JSON.stringify(toLayoutItem(page, recipe, extras));
    yield sizes.length === 0 ? item : `,${item}`;
    sizes.push({ width: page.width, height: page.height });
  }
  yield `],"dataInfo":${JSON.stringify(toDataInfo(kind, sizes))}}}`;
}

function toDataInfo(kind: DocumentKind, sizes: readonly { width: number; height: number }[]): DataInfo {
  if (kind === 'pdf') return { numPages: sizes.length, pages: [...sizes], type: 'pdf' };
  return { width: sizes[0]?.width ?? 0, height: sizes[0]?.height ?? 0, type: 'image' };
}
