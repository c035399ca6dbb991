import type { DocumentEvent, DocumentResult, PageOutcome } from '#pool';
import type { BlockBody, DocumentBody, PageBody, ParseEventBody } from './contract/parse-response.js';

/** A finished document as the JSON of `/v1/parse` and of `quire parse --format json`. */
export function toDocumentBody(document: DocumentResult): DocumentBody {
  return {
    pages: document.pages.map(toPageBody),
    markdown: document.markdown,
    failedBlockCount: countFailedBlocks(document.pages),
  };
}

export function countFailedBlocks(pages: readonly Pick<PageOutcome, 'blocks'>[]): number {
  return pages.reduce((sum, page) => sum + page.blocks.filter((block) => block.error).length, 0);
}

/** An event of a run as one line of a stream. */
export function toParseEvent(event: DocumentEvent): ParseEventBody {
  switch (event.type) {
    case 'document':
      return {
        type: 'document',
        kind: event.kind,
        pageCount: event.pageCount,
        pages: event.pageIndexes.map((index) => index + 1),
      };
    case 'page':
      return {
        type: 'page',
        page: event.pageIndex + 1,
        width: event.width,
        height: event.height,
        blocks: event.blocks.map(({ label, box, order }) => ({ label, box: [...box], order })),
      };
    case 'block':
      return { type: 'block', page: event.pageIndex + 1, block: toBlockBody(event.block) };
    case 'page-done':
      return { type: 'page-done', page: toPageBody(event.page) };
  }
}

function toPageBody(page: PageOutcome): PageBody {
  return {
    page: page.pageIndex + 1,
    width: page.width,
    height: page.height,
    blocks: page.blocks.map(toBlockBody),
    markdown: page.markdown,
    failedBlockCount: countFailedBlocks([page]),
    ...(page.pageJpeg ? { pageJpeg: Buffer.from(page.pageJpeg).toString('base64') } : {}),
  };
}

function toBlockBody(block: PageOutcome['blocks'][number]): BlockBody {
  const { label, box, text, confidence, order, truncated, error } = block;
  return {
    label,
    box: [...box],
    text,
    confidence: confidence === null ? null : Math.round(confidence * 10_000) / 10_000,
    order,
    ...(truncated ? { truncated } : {}),
    ...(error ? { error: { code: error.code, message: error.message } } : {}),
  };
}
