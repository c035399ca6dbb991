import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../config/index.js';
import { type HttpServer, openHttpServer } from '../../router/http-server.js';
import { startingFetch } from '../../router/starting-fetch.js';
import { type Script, scriptedPage } from '../support/scripted-pool.js';
import { openTestApp, type TestApp } from '../support/test-app.js';

const servers: HttpServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close(0))));

async function serve(script: Script = {}, env: Record<string, string> = {}): Promise<TestApp & { server: HttpServer }> {
  const test = openTestApp(script, env);
  const settings = loadConfig({ env: { ...env, QUIRE_SERVER_PORT: '0' } }).server;
  const server = await openHttpServer(settings, test.app.fetch);
  servers.push(server);
  return { ...test, server };
}

const octets = { 'content-type': 'application/octet-stream' };
const portOf = (server: HttpServer): number => Number(new URL(server.url).port);

describe('over a socket', () => {
  it('takes a multipart file and a raw body', async () => {
    const { server, pool } = await serve();
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(100_000).fill(7)]), 'page.png');
    expect((await fetch(`${server.url}/v1/parse`, { method: 'POST', body: form })).status).toBe(200);
    const raw = await fetch(`${server.url}/v1/parse`, {
      method: 'POST',
      body: new Uint8Array([1, 2]),
      headers: octets,
    });
    expect(raw.status).toBe(200);
    expect(pool.calls.map(({ input }) => input.bytes.byteLength)).toEqual([100_000, 2]);
  });

  it('answers 413 to a chunked body while it is still being sent, and serves the next request', async () => {
    const { server } = await serve({}, { QUIRE_SERVER_MAX_BODY_BYTES: '100000' });
    const outgoing = request(`${server.url}/v1/parse`, { method: 'POST', headers: octets });
    outgoing.on('error', () => {});
    const timer = setInterval(() => outgoing.write(Buffer.alloc(65_536)), 1);
    const [response] = await once(outgoing, 'response');
    clearInterval(timer);
    expect(response.statusCode).toBe(413);
    let text = '';
    for await (const chunk of response) text += chunk;
    expect(JSON.parse(text).error.code).toBe('BODY_TOO_LARGE');
    outgoing.destroy();
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  });

  it('tells the pool when the client hangs up, and logs it as cancelled', async () => {
    const { server, pool, lines } = await serve({ hangs: true });
    const client = new AbortController();
    const answer = fetch(`${server.url}/v1/parse`, {
      method: 'POST',
      body: new Uint8Array([1]),
      headers: octets,
      signal: client.signal,
    }).catch(() => 'gone');
    await expect.poll(() => pool.calls.length).toBe(1);
    client.abort();
    expect(await answer).toBe('gone');
    await expect.poll(() => pool.calls[0].options.signal?.aborted).toBe(true);
    await expect.poll(() => lines.at(-1)).toMatchObject({ outcome: 'cancelled', status: 499 });
  });

  it('does not count a finished request as one whose client left', async () => {
    const { server, pool } = await serve();
    const response = await fetch(`${server.url}/v1/parse`, {
      method: 'POST',
      body: new Uint8Array([1]),
      headers: octets,
    });
    await response.text();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(pool.calls[0].options.signal?.aborted).toBe(false);
  });

  it('tells the pool when the reader of a stream hangs up', async () => {
    const { server, pool, lines } = await serve({ hangs: true });
    const headers = { ...octets, accept: 'application/x-ndjson' };
    const client = new AbortController();
    const response = await fetch(`${server.url}/v1/parse`, {
      method: 'POST',
      body: new Uint8Array([1]),
      headers,
      signal: client.signal,
    });
    await response.body?.getReader().read();
    client.abort();
    await expect.poll(() => pool.calls[0].options.signal?.aborted).toBe(true);
    await expect.poll(() => lines.at(-1)).toMatchObject({ outcome: 'cancelled' });
  });

  it('takes no more events from the run than a reader takes from it', async () => {
    let takenCount = 0;
    const page = { ...scriptedPage(0), markdown: 'x'.repeat(500_000) };
    const pages = Array.from({ length: 200 }, (_, pageIndex) => {
      const next = { ...page, pageIndex };
      // Counts how often the stream asks for a page's text.
      const read = (): string => {
        takenCount++;
        return page.markdown;
      };
      Object.defineProperty(next, 'markdown', { get: read, enumerable: true });
      return next;
    });
    const { server } = await serve({ pages });
    const socket = connect(portOf(server), '127.0.0.1');
    socket.pause();
    socket.write(
      'POST /v1/parse HTTP/1.1\r\nHost: x\r\nAccept: application/x-ndjson\r\nContent-Type: image/png\r\nContent-Length: 1\r\n\r\nx',
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    const atRest = takenCount;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(takenCount).toBe(atRest);
    // Of 100 MB, what sockets and queues hold; `pages` itself asks once a page for the whole text.
    expect(takenCount).toBeLessThan(pages.length + 60);
    socket.destroy();
  });
});

describe('closing', () => {
  it('lets a request under way end, tells its connection to close, and takes no new ones', async () => {
    const { server } = await serve();
    const agent = new Agent({ keepAlive: true });
    const outgoing = request(`${server.url}/v1/parse`, { method: 'POST', agent, headers: octets });
    outgoing.write('x');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const closed = server.close(5000);
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow();
    outgoing.end('y');
    const [response] = await once(outgoing, 'response');
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(response.headers.connection).toBe('close');
    expect(await closed).toBe(true);
    agent.destroy();
  });

  it('does not wait for connections that are merely kept open', async () => {
    const { server } = await serve();
    const agent = new Agent({ keepAlive: true });
    const outgoing = request(`${server.url}/livez`, { agent }).end();
    const [response] = await once(outgoing, 'response');
    response.resume();
    await once(response, 'end');
    const startedAt = performance.now();
    expect(await server.close(5000)).toBe(true);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    agent.destroy();
  });

  it('gives up at its limit', async () => {
    const { server } = await serve({ hangs: true });
    const answer = fetch(`${server.url}/v1/parse`, { method: 'POST', body: 'x', headers: octets }).catch(() => 'cut');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await server.close(100)).toBe(false);
    void answer;
  });
});

describe('starting', () => {
  it('is alive, not ready, and asks to come back', async () => {
    const server = await openHttpServer(loadConfig({ env: { QUIRE_SERVER_PORT: '0' } }).server, startingFetch);
    servers.push(server);
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    const early = await fetch(`${server.url}/v1/parse`, { method: 'POST', body: 'x', headers: octets });
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await early.json()).toMatchObject({ error: { code: 'STARTING' } });
    server.answerWith(openTestApp().app.fetch);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  it('refuses a port that is in use with the code of the system', async () => {
    const { server } = await serve();
    const settings = loadConfig({ env: { QUIRE_SERVER_PORT: String(portOf(server)) } }).server;
    await expect(openHttpServer(settings, startingFetch)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
