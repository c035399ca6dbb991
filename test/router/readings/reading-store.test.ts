import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { DocumentEvent, DocumentRun } from '../../../pool/index.js';
import { createReadingStore, type ReadingLimits, type ReadingRequest } from '../../../router/readings/reading-store.js';
import type { StartRun } from '../../../router/readings/shared-reading.js';
import { scriptedPage, timings } from '../../support/scripted-pool.js';

const limits: ReadingLimits = { maxCount: 3, maxBytes: 1_000_000, keepMs: 1000, abandonMs: 20 };
const never = new AbortController().signal;

/** A run that is done at once, or one that only its signal ends. */
function startRun(kind: 'done' | 'hanging', textLength = 1): StartRun {
  return (signal): DocumentRun => {
    const page = { ...scriptedPage(0), markdown: 'x'.repeat(textLength) };
    const ended = kind === 'done' ? Promise.resolve() : untilAborted(signal);
    const result = ended.then(() => ({ kind: 'image' as const, pages: [], markdown: page.markdown, timings }));
    result.catch(() => {});
    async function* events(): AsyncGenerator<DocumentEvent> {
      yield { type: 'document', kind: 'image', pageCount: 1, pageIndexes: [0] };
      await ended;
      yield { type: 'page-done', page };
    }
    return { result, [Symbol.asyncIterator]: events };
  };
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}

function request(key: string, start: StartRun, fields: Partial<ReadingRequest> = {}): ReadingRequest {
  return { owner: 'me', key, fingerprint: 'f', isJob: false, startRun: start, ...fields };
}

describe('createReadingStore', () => {
  it('forgets what was used longest ago when there is no room', async () => {
    const store = createReadingStore(limits);
    for (const key of ['a', 'b', 'c']) await store.take(request(key, startRun('done'))).reading.wait(never);
    expect(store.take(request('a', startRun('done'))).isRepeated).toBe(true);
    await store.take(request('d', startRun('done'))).reading.wait(never);
    const isKnown = (key: string) => store.take(request(key, startRun('done'))).isRepeated;
    expect([isKnown('a'), isKnown('c'), isKnown('d')]).toEqual([true, true, true]);
    expect(isKnown('b')).toBe(false);
  });

  it('never forgets what is being read, and refuses more than it can hold', () => {
    const store = createReadingStore(limits);
    const readings = ['a', 'b', 'c'].map((key) => store.take(request(key, startRun('hanging'))).reading);
    expect(() => store.take(request('d', startRun('done')))).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
    for (const reading of readings) store.drop(reading);
    expect(store.take(request('d', startRun('done'))).isRepeated).toBe(false);
  });

  it('keeps no more bytes than it may', async () => {
    const store = createReadingStore(limits);
    for (const key of ['a', 'b']) await store.take(request(key, startRun('done', 200_000))).reading.wait(never);
    // The end of a reading is told after its result.
    await Promise.resolve();
    expect(store.take(request('b', startRun('done'))).isRepeated).toBe(true);
    expect(store.take(request('a', startRun('done'))).isRepeated).toBe(false);
  });

  it('forgets a result when its time is over', async () => {
    let time = 0;
    const store = createReadingStore(limits, () => time);
    const { reading } = store.take(request('a', startRun('done')));
    await reading.wait(never);
    time = Date.now() + 500;
    expect(store.take(request('a', startRun('done'))).isRepeated).toBe(true);
    time = Date.now() + 2000;
    expect(store.take(request('a', startRun('done'))).isRepeated).toBe(false);
  });

  it('lets a reading go on for a while after the last who waited has left, and takes one who comes back', async () => {
    const store = createReadingStore({ ...limits, abandonMs: 60 });
    const { reading } = store.take(request('a', startRun('hanging')));
    const client = new AbortController();
    const waiting = reading.wait(client.signal);
    client.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    const back = store.take(request('a', startRun('done')));
    expect(back.isRepeated).toBe(true);
    const second = new AbortController();
    const again = back.reading.wait(second.signal);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(reading.state).toBe('running');
    second.abort(new Error('left too'));
    await expect(again).rejects.toThrow('left too');
    await expect.poll(() => reading.state).toBe('cancelled');
    expect(store.take(request('a', startRun('done'))).isRepeated).toBe(false);
  });

  it('keeps results without the files they were read from', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const store = createReadingStore(limits);
    const file = await (async () => {
      const bytes = new Uint8Array(1_000_000);
      const start = startRun('done');
      // As the route does it: the run's starter holds the file.
      const holding: StartRun = (signal) => (bytes.length > 0 ? start(signal) : start(signal));
      await store.take(request('a', holding)).reading.wait(never);
      return new WeakRef(bytes);
    })();
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
    expect(file.deref()).toBeUndefined();
    expect(store.take(request('a', startRun('done'))).isRepeated).toBe(true);
  });
});
