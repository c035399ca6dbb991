import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSchema } from '../../config/schema.js';
import type { Script } from '../support/scripted-pool.js';
import { openTestApp, type TestApp } from '../support/test-app.js';
import { missingForProxy, openProxy, type RunningProxy } from './open-proxy.js';

const missing = missingForProxy();
if (missing) console.warn(`skipped: ${missing}, so no request goes through nginx`);

interface Host extends TestApp {
  readonly port: number;
  close(): Promise<void>;
}

/** The HTTP side of Quire on a port of its own. */
async function openHost(script: Script): Promise<Host> {
  const parts = openTestApp(script);
  const server = serve({ fetch: parts.app.fetch, port: 0, hostname: '127.0.0.1' });
  if (!server.listening) await once(server, 'listening');
  return {
    ...parts,
    port: (server.address() as AddressInfo).port,
    close: async () => {
      if ('closeAllConnections' in server) server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe.skipIf(missing !== null)('edge.conf', () => {
  let host: Host;
  let streaming: Host;
  let proxy: RunningProxy;
  let streamingProxy: RunningProxy;

  beforeAll(async () => {
    host = await openHost({});
    streaming = await openHost({ hangs: true });
    proxy = await openProxy('nginx/edge.conf', [host.port]);
    streamingProxy = await openProxy('nginx/edge.conf', [streaming.port]);
  });
  afterAll(async () => {
    await proxy?.close();
    await streamingProxy?.close();
    await host?.close();
    await streaming?.close();
  });

  const ask = async (
    through: RunningProxy,
    path: string,
    options: { method?: string; headers?: Record<string, string>; body?: Buffer } = {},
  ): Promise<IncomingMessage> => {
    const request = requestTls({
      host: '127.0.0.1',
      port: through.ports.second,
      servername: 'localhost',
      ca: through.certificate,
      path,
      method: options.method ?? 'GET',
      headers: options.headers,
      agent: false,
    });
    request.end(options.body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  };
  const textOf = async (response: IncomingMessage) => {
    let text = '';
    for await (const chunk of response) text += chunk;
    return text;
  };

  it('carries a large body over TLS to Quire and its answer back', async () => {
    const body = Buffer.alloc(5_000_000, 7);
    const response = await ask(proxy, '/v1/parse', { method: 'POST', body, headers: { 'content-type': 'image/png' } });
    expect(response.statusCode).toBe(200);
    expect(JSON.parse(await textOf(response)).markdown).toBe('Page 1');
    expect(host.pool.calls.at(-1)?.input.bytes.length).toBe(body.length);
  });

  it("keeps the caller's request id, makes one otherwise, and writes it to its log", async () => {
    const given = await ask(proxy, '/livez', { headers: { 'x-request-id': 'from-the-caller-1' } });
    expect(given.headers['x-request-id']).toBe('from-the-caller-1');
    const made = await ask(proxy, '/livez');
    expect(made.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(proxy.accessLog()).toContain('id=from-the-caller-1');
  });

  it('passes events on as they come, and tells Quire when the client leaves', async () => {
    const response = await ask(streamingProxy, '/v1/parse', {
      method: 'POST',
      body: Buffer.from('x'),
      headers: { accept: 'application/x-ndjson', 'content-type': 'image/png' },
    });
    // The document never ends, so a proxy that collects the answer would send nothing.
    const [first] = (await once(response, 'data')) as [Buffer];
    expect(String(first)).toContain('"type":"document"');
    const { signal } = streaming.pool.calls.at(-1)?.options ?? {};
    expect(signal?.aborted).toBe(false);
    response.destroy();
    await expect.poll(() => signal?.aborted, { timeout: 5000 }).toBe(true);
  });

  it('sends plain HTTP to TLS', async () => {
    const response = await fetch(`http://127.0.0.1:${proxy.ports.first}/docs?a=1`, { redirect: 'manual' });
    expect(response.status).toBe(308);
    expect(response.headers.get('location')).toBe('https://127.0.0.1/docs?a=1');
  });

  it('shows metrics and devices to inner addresses, and does not make a proxied request an operator', async () => {
    expect((await ask(proxy, '/metrics')).statusCode).toBe(200);
    expect((await ask(proxy, '/devices')).statusCode).toBe(200);
    expect((await ask(proxy, '/devices/cpu:0/drain', { method: 'POST' })).statusCode).toBe(403);
  });
});

describe.skipIf(missing !== null)('round-robin.conf', () => {
  it('takes turns between the servers behind it', async () => {
    const hosts = await Promise.all([openHost({}), openHost({})]);
    const proxy = await openProxy(
      'nginx/round-robin.conf',
      hosts.map((host) => host.port),
    );
    try {
      for (let count = 0; count < 4; count++) {
        const response = await fetch(`http://127.0.0.1:${proxy.ports.first}/v1/parse`, {
          method: 'POST',
          body: 'x',
          headers: { 'content-type': 'image/png' },
        });
        expect(response.status).toBe(200);
      }
      expect(hosts.map((host) => host.pool.calls.length)).toEqual([2, 2]);
    } finally {
      await proxy.close();
      await Promise.all(hosts.map((host) => host.close()));
    }
  });
});

describe('the limits of nginx', () => {
  const { server } = configSchema.parse({});

  it.each(['nginx/edge.conf', 'nginx/round-robin.conf'])('in %s leave the decision to Quire', (file) => {
    const text = readFileSync(file, 'utf8');
    const megabytes = Number(/client_max_body_size (\d+)m;/.exec(text)?.[1]);
    const seconds = Number(/proxy_read_timeout (\d+)s;/.exec(text)?.[1]);
    expect(megabytes * 1024 ** 2).toBeGreaterThan(server.maxBodyBytes);
    expect(seconds * 1000).toBeGreaterThan(server.requestTimeoutMs);
  });
});
