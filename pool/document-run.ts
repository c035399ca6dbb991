import { ModelError, parsePageRange, resolveRecipe } from '#models';
import { createEventChannel, type EventChannel } from './event-channel.js';
import { readPage } from './page-run.js';
import { type PeekedSize, peekSize } from './peek-size.js';
import type { DocumentEvent, DocumentInput, DocumentResult, DocumentRun, PageOutcome, ParseOptions } from './pool.js';
import type { PoolParts, Ticket } from './pool-parts.js';
import type { OpenedDocument, SharedDocument } from './prepare/prepare-protocol.js';
import type { PrepareDoor } from './prepare-turns.js';
import { openRunScope, type RunScope } from './run-scope.js';
import { sumTimings } from './stage-timings.js';

/** Events a reader may be behind. */
const eventCapacity = 64;
/** Bytes a pixel of a page takes while it is in work: three, and its crops once more. */
const bytesPerPixel = 6;

/** Starts reading a document: admission, its kind and pages, then the pages, some at once, told in page order. */
export function startDocument(input: DocumentInput, options: ParseOptions, parts: PoolParts): DocumentRun {
  const scope = openRunScope(options);
  const events = createEventChannel<DocumentEvent>(eventCapacity, () => scope.abort(parts.cancelled()));
  const result = runDocument(input, options, parts, scope, events);
  result.then(
    () => events.end(),
    (error: unknown) => events.fail(error),
  );
  return { result, [Symbol.asyncIterator]: () => events[Symbol.asyncIterator]() };
}

async function runDocument(
  input: DocumentInput,
  options: ParseOptions,
  parts: PoolParts,
  scope: RunScope,
  events: EventChannel<DocumentEvent>,
): Promise<DocumentResult> {
  const startedAt = performance.now();
  const ticket = enter(input, options, parts, scope);
  let document: SharedDocument | null = null;
  try {
    await scope.race(parts.opened);
    document = parts.prepare().share(input.bytes);
    const prepare = parts.prepareFor({
      flow: document.documentId,
      priority: options.priority ?? 'interactive',
      signal: scope.signal,
    });
    const opened = await scope.race(prepare.openDocument(document));
    const pageCount = opened.pages.length;
    const pageIndexes = choosePages(options.pages, pageCount);
    const { maxPages } = parts.config.prepare;
    if (pageIndexes.length > maxPages) {
      throw new ModelError('TOO_MANY_PAGES', `${pageIndexes.length} pages were asked for; ${maxPages} are allowed.`);
    }
    const pixelCount = pageIndexes.reduce((sum, index) => sum + pixelsOf(opened.pages[index]), 0);
    ticket.setWork({ pageCount: pageIndexes.length, deviceCost: parts.costModel.pageCost(pixelCount) });
    await scope.race(events.write({ type: 'document', kind: opened.kind, pageCount, pageIndexes }));
    const pages = await readPages(document, opened, pageIndexes, { options, parts, prepare, scope, events, ticket });
    return {
      kind: opened.kind,
      pages,
      markdown: pages.map(({ markdown }) => markdown).join('\n\n'),
      timings: sumTimings(
        pages.map(({ timings }) => timings),
        performance.now() - startedAt,
      ),
    };
  } catch (error) {
    // What is left of the run must not go on.
    scope.abort(error);
    throw error;
  } finally {
    scope.close();
    if (document) {
      parts.dispatcher.cancelFlow(document.documentId);
      parts.prepare().closeDocument(document.documentId);
    }
    ticket.leave();
  }
}

/** A place in the system. What a picture will cost is told by its header; a file with pages has to be opened. */
function enter({ bytes }: DocumentInput, options: ParseOptions, parts: PoolParts, scope: RunScope): Ticket {
  try {
    const size = peekSize(bytes);
    const pageKind = parts.model.layout && (options.recipe?.useLayoutDetection ?? true) ? 'laid-out' : 'plain';
    const work = size && { pageCount: 1, deviceCost: parts.costModel.pageCost(pixelsOf(size)) };
    return parts.enter({ ...options, bytes: bytes.length, pageKind, work }, scope);
  } catch (error) {
    scope.close();
    throw error;
  }
}

function pixelsOf({ width, height }: PeekedSize): number {
  return width * height;
}

function choosePages(pages: string | undefined, pageCount: number): number[] {
  return pages === undefined
    ? Array.from({ length: pageCount }, (_, index) => index)
    : parsePageRange(pages, pageCount);
}

interface PagesRun {
  readonly options: ParseOptions;
  readonly parts: PoolParts;
  readonly prepare: PrepareDoor;
  readonly scope: RunScope;
  readonly events: EventChannel<DocumentEvent>;
  readonly ticket: Ticket;
}

/** Some pages at once; a page is reported when it and all before it are done. */
async function readPages(
  document: SharedDocument,
  opened: OpenedDocument,
  pageIndexes: readonly number[],
  { options, parts, prepare, scope, events, ticket }: PagesRun,
): Promise<PageOutcome[]> {
  const recipe = resolveRecipe(options.recipe ?? {});
  const outcomes: Promise<PageOutcome>[] = [];
  const done: PageOutcome[] = [];
  const windowSize = parts.config.pool.pagesPerDocument;

  const start = async (pageIndex: number): Promise<PageOutcome> => {
    const pixelCount = pixelsOf(opened.pages[pageIndex]);
    const release = await parts.heldPixels.acquire(pixelCount * bytesPerPixel, scope.signal);
    ticket.startPage();
    try {
      await scope.race(parts.roomForCrops());
      const outcome = await readPage(pageIndex, {
        prepare,
        detection: parts.detection,
        reader: parts.reader(),
        hints: parts.hints,
        scope,
        document,
        recipe,
        pictures: options.pictures ?? {},
        priority: options.priority ?? 'interactive',
        emit: parts.emit,
        onPrepared: (ms) => ticket.finishPrepare(ms),
        onCrop: (ms) => ticket.finishCrop(ms),
        onPlanned: ({ width, height, blocks }) =>
          events.write({
            type: 'page',
            pageIndex,
            width,
            height,
            blocks: blocks.map(({ label, box }, index) => ({ label, box, order: index + 1 })),
          }),
        onBlock: (block) => events.write({ type: 'block', pageIndex, block }),
      });
      ticket.finishPage(pixelCount, outcome.timings);
      return outcome;
    } finally {
      ticket.endPage();
      release();
    }
  };

  for (const [place, pageIndex] of pageIndexes.entries()) {
    if (place >= windowSize) await report(place - windowSize);
    const outcome = start(pageIndex);
    // Awaited in page order; an early failure of a later page must not count as unhandled.
    outcome.catch((error: unknown) => scope.abort(error));
    outcomes.push(outcome);
  }
  for (let place = Math.max(0, pageIndexes.length - windowSize); place < pageIndexes.length; place++)
    await report(place);
  return done;

  async function report(place: number): Promise<void> {
    const page = await scope.race(outcomes[place]);
    // Pictures of every page of a long document would fill the memory; its events had them.
    done.push(events.isRead ? withoutPictures(page) : page);
    await scope.race(events.write({ type: 'page-done', page }));
  }
}

function withoutPictures({
  pageJpeg: _,
  layoutJpeg: __,
  blockJpegs: ___,
  figureJpegs: ____,
  ...page
}: PageOutcome): PageOutcome {
  return page;
}
