import type { DocumentEvent, DocumentKind, PageOutcome } from '#pool';

/** What a document turned out to be, and its pages. */
export interface OrderedPages {
  readonly kind: DocumentKind;
  /** In the order of the document; a page that is finished early waits for those before it. */
  readonly pages: AsyncGenerator<PageOutcome, void, undefined>;
}

/** Waits until the document is open, so that one which cannot be read fails here and not among its pages. */
export async function pagesInOrder(run: AsyncIterable<DocumentEvent>): Promise<OrderedPages> {
  const events = run[Symbol.asyncIterator]();
  const first = await events.next();
  if (first.done || first.value.type !== 'document') throw new Error('A document run starts with its document event.');
  const { kind, pageIndexes } = first.value;
  return { kind, pages: inOrder(events, pageIndexes) };
}

async function* inOrder(
  events: AsyncIterator<DocumentEvent>,
  pageIndexes: readonly number[],
): AsyncGenerator<PageOutcome, void, undefined> {
  const early = new Map<number, PageOutcome>();
  let place = 0;
  try {
    for (let event = await events.next(); !event.done; event = await events.next()) {
      if (event.value.type !== 'page-done') continue;
      early.set(event.value.page.pageIndex, event.value.page);
      for (let next = early.get(pageIndexes[place]); next; next = early.get(pageIndexes[place])) {
        early.delete(next.pageIndex);
        place++;
        yield next;
      }
    }
  } finally {
    await events.return?.();
  }
}
