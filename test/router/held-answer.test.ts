import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../config/index.js';
import { PoolError } from '../../pool/index.js';
import type { AppEnv, RequestRecord } from '../../router/app-env.js';
import { holdAnswer } from '../../router/held-answer.js';
import { openLog } from '../../router/log.js';

const log = openLog({ ...loadConfig({ env: {} }).log, level: 'silent' });
const piece = 'x'.repeat(1000);
let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

interface Served {
  readonly url: string;
  readonly record: RequestRecord;
  /** Pieces made so far, and whether the maker was told to stop. */
  readonly made: { count: number; isStopped: boolean };
}

/** Serves `count` pieces on a real socket, the last of which may be a failure. */
async function serve(count: number, holdBytes: number, failure?: Error, holdMs = 10_000, pauseMs = 0): Promise<Served> {
  const record: RequestRecord = { pageCount: 0, cropCount: 0 };
  const made = { count: 0, isStopped: false };
  async function* pieces() {
    try {
      for (; made.count < count; made.count++) {
        if (pauseMs > 0 && made.count === 1) await new Promise((resolve) => setTimeout(resolve, pauseMs));
        yield piece;
      }
      if (failure) throw failure;
    } finally {
      made.isStopped = true;
    }
  }
  const app = new Hono<AppEnv>();
  app.onError((error, c) => c.text(error.message, 503));
  app.get('/', (c) => {
    c.set('record', record);
    c.set('requestId', 'test');
    return holdAnswer(c as never, pieces(), { holdBytes, holdMs, log });
  });
  server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, record, made };
}

describe('holdAnswer', () => {
  it('sends a short answer in one piece', async () => {
    const { url, record } = await serve(5, 10_000);
    const response = await fetch(url);
    expect(response.headers.get('content-length')).toBe('5000');
    expect(await response.text()).toBe(piece.repeat(5));
    expect(record.streamEnd).toBeUndefined();
  });

  it('sends a long answer as it is made, whole', async () => {
    const { url, record } = await serve(2000, 10_000);
    const response = await fetch(url);
    expect(response.headers.get('content-length')).toBeNull();
    expect(await response.text()).toBe(piece.repeat(2000));
    await record.streamEnd;
    expect(record.code).toBeUndefined();
  });

  it('sends its status when its time is over, though the next piece is still being made', async () => {
    const { url } = await serve(3, 10_000, undefined, 30, 400);
    const startedAt = performance.now();
    const response = await fetch(url);
    expect(performance.now() - startedAt).toBeLessThan(350);
    expect(await response.text()).toBe(piece.repeat(3));
  });

  it('is a failure as long as nothing was sent', async () => {
    const { url } = await serve(5, 10_000, new PoolError('DEVICE_LOST', 'All devices died.'));
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([503, 'All devices died.']);
  });

  it('cuts the connection when it fails later, so that nobody takes the part for the whole', async () => {
    const { url, record } = await serve(50, 10_000, new PoolError('DEVICE_LOST', 'All devices died.'));
    const response = await fetch(url);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    await record.streamEnd;
    expect(record.code).toBe('DEVICE_LOST');
  });

  it('makes no more than its reader takes, and stops when the reader leaves', async () => {
    const { url, record, made } = await serve(1_000_000, 10_000);
    const client = new AbortController();
    const response = await fetch(url, { signal: client.signal });
    await response.body?.getReader().read();
    await new Promise((resolve) => setTimeout(resolve, 200));
    // What the sockets take, and not the gigabyte.
    expect(made.count).toBeLessThan(100_000);
    client.abort();
    await expect.poll(() => made.isStopped).toBe(true);
    await record.streamEnd;
    expect(record.code).toBe('CANCELLED');
  });
});
