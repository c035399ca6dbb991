import type { ReadFailure } from './read-failure.js';
import type { WireBlock, WireEvent } from './wire.js';

export type DocumentStatus = 'waiting' | 'reading' | 'done' | 'failed' | 'stopped';

/** A block on the page; `isRead` is false while only its place is known. */
export interface BlockState extends WireBlock {
  readonly isRead: boolean;
}

export interface PageState {
  readonly pageNumber: number;
  readonly width: number;
  readonly height: number;
  /** In reading order. */
  readonly blocks: readonly BlockState[];
  readonly markdown: string;
  readonly isDone: boolean;
  readonly picture: Blob | null;
}

/** A file with everything known of it so far. */
export interface DocumentState {
  readonly id: string;
  readonly name: string;
  readonly byteCount: number;
  /** Epoch milliseconds at which the file was given. */
  readonly openedAt: number;
  readonly status: DocumentStatus;
  readonly failure: ReadFailure | null;
  readonly pageNumbers: readonly number[];
  /** Pages by their number in the file; absent until their layout is known. */
  readonly pages: ReadonlyMap<number, PageState>;
  readonly elapsedMs: number;
  readonly firstBlockMs: number | null;
}

export function createDocument(id: string, name: string, byteCount: number, openedAt: number): DocumentState {
  return {
    id,
    name,
    byteCount,
    openedAt,
    status: 'waiting',
    failure: null,
    pageNumbers: [],
    pages: new Map(),
    elapsedMs: 0,
    firstBlockMs: null,
  };
}

/** The document after one event of its stream; `elapsedMs` is the time since its reading began. */
export function applyEvent(state: DocumentState, event: WireEvent, elapsedMs: number): DocumentState {
  const next = { ...state, elapsedMs };
  switch (event.type) {
    case 'document':
      return { ...next, pageNumbers: event.pages };
    case 'page': {
      const blocks = event.blocks.map((block) => ({ ...block, text: '', confidence: null, isRead: false }));
      return withPage(next, {
        pageNumber: event.page,
        width: event.width,
        height: event.height,
        blocks: inOrder(blocks),
        markdown: '',
        isDone: false,
        picture: event.pageJpeg ? pictureOf(event.pageJpeg) : (state.pages.get(event.page)?.picture ?? null),
      });
    }
    case 'block': {
      const page = state.pages.get(event.page);
      if (!page) return next;
      const read = { ...event.block, isRead: true };
      const others = page.blocks.filter((block) => block.order !== read.order);
      return {
        ...withPage(next, { ...page, blocks: inOrder([...others, read]) }),
        firstBlockMs: state.firstBlockMs ?? elapsedMs,
      };
    }
    case 'page-done': {
      const { page: pageNumber, width, height, markdown, blocks, pageJpeg } = event.page;
      const before = state.pages.get(pageNumber);
      return {
        ...withPage(next, {
          pageNumber,
          width,
          height,
          markdown,
          blocks: inOrder(blocks.map((block) => ({ ...block, isRead: true }))),
          isDone: true,
          picture: pageJpeg ? pictureOf(pageJpeg) : (before?.picture ?? null),
        }),
        firstBlockMs: state.firstBlockMs ?? elapsedMs,
      };
    }
    default:
      return next;
  }
}

/** Whole pages, then read blocks of the open ones: 0 to 1. */
export function progressOf(state: DocumentState): number {
  if (state.status === 'done') return 1;
  if (state.pageNumbers.length === 0) return 0;
  let sum = 0;
  for (const page of state.pages.values()) {
    const readCount = page.blocks.filter((block) => block.isRead).length;
    sum += page.isDone ? 1 : (readCount / Math.max(1, page.blocks.length)) * 0.95;
  }
  return sum / state.pageNumbers.length;
}

/** The document in the shape of the JSON answer of `/v1/parse`. */
export function documentJson(state: DocumentState, pageNumber?: number): unknown {
  const pages = pagesOf(state, pageNumber).map(({ pageNumber: page, width, height, blocks, markdown }) => ({
    page,
    width,
    height,
    blocks: blocks.filter((block) => block.isRead).map(({ isRead: _, ...block }) => block),
    markdown,
  }));
  return { pages, markdown: documentMarkdown(state, pageNumber) };
}

export function documentMarkdown(state: DocumentState, pageNumber?: number): string {
  return pagesOf(state, pageNumber)
    .map((page) => page.markdown.trim())
    .filter((markdown) => markdown !== '')
    .join('\n\n');
}

/** Pages known so far, in the order of the file; one page when its number is given. */
export function pagesOf(state: DocumentState, pageNumber?: number): PageState[] {
  const numbers = pageNumber === undefined ? state.pageNumbers : [pageNumber];
  return numbers.map((number) => state.pages.get(number)).filter((page) => page !== undefined);
}

function withPage(state: DocumentState, page: PageState): DocumentState {
  return { ...state, pages: new Map(state.pages).set(page.pageNumber, page) };
}

function inOrder(blocks: readonly BlockState[]): BlockState[] {
  return [...blocks].sort((left, right) => left.order - right.order);
}

function pictureOf(base64: string): Blob {
  return new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], { type: 'image/jpeg' });
}
