import { describe, expect, it } from 'vitest';
import {
  applyEvent,
  createDocument,
  type DocumentState,
  documentJson,
  documentMarkdown,
  progressOf,
} from '../../../router/web/document-state.js';
import type { WireBlock, WireEvent } from '../../../router/web/wire.js';

const block = (order: number, text: string): WireBlock => ({
  label: 'text',
  box: [0, order * 10, 50, order * 10 + 8],
  text,
  confidence: 0.9,
  order,
});
const page = (number: number, ...texts: string[]) => ({
  page: number,
  width: 100,
  height: 140,
  blocks: texts.map((text, place) => block(place + 1, text)),
  markdown: texts.join('\n\n'),
});
const stateAfter = (...events: WireEvent[]): DocumentState =>
  events.reduce((state, event, place) => applyEvent(state, event, place * 100), createDocument('a', 'a.png', 10, 0));

const start: WireEvent = { type: 'document', kind: 'pdf', pageCount: 9, pages: [2, 5] };
const layout: WireEvent = { type: 'page', page: 2, width: 100, height: 140, blocks: [block(2, ''), block(1, '')] };

describe('a document in the page', () => {
  it('knows its blocks by place before they are read, in reading order', () => {
    const state = stateAfter(start, layout);
    expect(state.pages.get(2)?.blocks.map(({ order, isRead }) => [order, isRead])).toEqual([
      [1, false],
      [2, false],
    ]);
    expect(state.firstBlockMs).toBeNull();
  });

  it('fills blocks in as they come, in any order', () => {
    const state = stateAfter(start, layout, { type: 'block', page: 2, block: block(2, 'second') });
    expect(state.pages.get(2)?.blocks.map(({ text, isRead }) => [text, isRead])).toEqual([
      ['', false],
      ['second', true],
    ]);
    expect(state.firstBlockMs).toBe(200);
  });

  it('ignores blocks of a page it does not know', () => {
    expect(stateAfter(start, { type: 'block', page: 7, block: block(1, 'x') }).pages.size).toBe(0);
  });

  it('grows in progress, and is whole only when it is done', () => {
    const steps: WireEvent[] = [
      start,
      layout,
      { type: 'block', page: 2, block: block(1, 'a') },
      { type: 'page-done', page: page(2, 'a', 'b') },
      { type: 'page-done', page: page(5, 'c') },
    ];
    const shares = steps.map((_, count) => progressOf(stateAfter(...steps.slice(0, count + 1))));
    expect(shares).toEqual([...shares].sort((left, right) => left - right));
    expect(shares[0]).toBe(0);
    expect(shares[3]).toBe(0.5);
    expect(shares[4]).toBe(1);
  });

  it('keeps pages in the order of the file, whichever is read first', () => {
    const state = stateAfter(
      start,
      { type: 'page-done', page: page(5, 'later') },
      { type: 'page-done', page: page(2, 'earlier') },
    );
    expect(documentMarkdown(state)).toBe('earlier\n\nlater');
    expect(documentMarkdown(state, 5)).toBe('later');
  });

  it('gives JSON in the shape of the API, without blocks that are not read', () => {
    const partial = stateAfter(start, layout, { type: 'block', page: 2, block: block(2, 'second') });
    expect(documentJson(partial, 2)).toEqual({
      pages: [{ page: 2, width: 100, height: 140, blocks: [block(2, 'second')], markdown: '' }],
      markdown: '',
    });
  });

  it("keeps the page's picture as the server sent it", async () => {
    const state = stateAfter(start, { type: 'page-done', page: { ...page(2, 'a'), pageJpeg: btoa('JPEG!') } });
    expect(await state.pages.get(2)?.picture?.text()).toBe('JPEG!');
  });
});
