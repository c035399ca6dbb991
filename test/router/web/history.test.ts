import { describe, expect, it } from 'vitest';
import { createDocument } from '../../../router/web/document-state.js';
import { type HistoryEntry, overLimit } from '../../../router/web/history.js';

const entry = (id: string, openedAt: number, byteCount: number): HistoryEntry => ({
  document: createDocument(id, `${id}.png`, byteCount, openedAt),
  picture: new Blob([new Uint8Array(byteCount)]),
});

describe('the history', () => {
  it('drops the oldest documents over the number', () => {
    const entries = [entry('old', 1, 1), entry('new', 3, 1), entry('middle', 2, 1)];
    expect(overLimit(entries, { documentCount: 2, byteCount: 100 })).toEqual(['old']);
  });

  it('drops the oldest documents over the bytes', () => {
    const entries = [entry('old', 1, 40), entry('new', 3, 40), entry('middle', 2, 40)];
    expect(overLimit(entries, { documentCount: 9, byteCount: 100 })).toEqual(['old']);
  });

  it('keeps everything within the limits', () => {
    expect(overLimit([entry('a', 1, 10)])).toEqual([]);
  });
});
