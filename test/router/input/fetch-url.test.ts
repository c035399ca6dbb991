import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../config/index.js';
import { PoolError } from '../../../pool/index.js';
import { fetchUrl, type ResolvedAddress } from '../../../router/input/fetch-url.js';
import { createUploadBudget } from '../../../router/input/upload-budget.js';

const servers: Server[] = [];
const never = new AbortController().signal;

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(handler: RequestListener): Promise<number> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

interface Options {
  readonly env?: Record<string, string>;
  readonly signal?: AbortSignal;
  readonly resolve?: (name: string) => Promise<readonly ResolvedAddress[]>;
  readonly isAllowed?: (address: string) => boolean;
  readonly budgetBytes?: number;
}

function fetchWith(url: string, { env = {}, signal = never, budgetBytes = 1e9, ...rest }: Options = {}) {
  const settings = loadConfig({ env }).url;
  return fetchUrl(url, { settings, signal, budget: createUploadBudget(budgetBytes), ...rest });
}

const open = { QUIRE_URL_ALLOW_PRIVATE: 'true' };
const loopback = async (): Promise<ResolvedAddress[]> => [{ address: '127.0.0.1', family: 4 }];

describe('fetchUrl', () => {
  it('fetches the bytes of a file', async () => {
    const port = await listen((_, response) => response.end('page'));
    const bytes = await fetchWith(`http://127.0.0.1:${port}/page.png`, { env: open });
    expect(Buffer.from(bytes).toString()).toBe('page');
  });

  it.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:a9fe:a9fe]/latest/meta-data/',
    'http://[64:ff9b::7f00:1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.1/',
    'http://localhost/',
    'http://0.0.0.0/',
  ])('refuses %s', async (url) => {
    await expect(fetchWith(url)).rejects.toMatchObject({ code: 'URL_FORBIDDEN' });
  });

  it.each([
    'ftp://example.com/a',
    'file:///etc/passwd',
    'data:text/plain,x',
    'page.png',
    'http://user:pw@example.com/',
  ])('does not take %s for a URL of a file', async (url) => {
    await expect(fetchWith(url)).rejects.toMatchObject({ code: 'URL_INVALID' });
  });

  it('refuses a name that resolves to a private address, even among public ones', async () => {
    const resolve = async () => [
      { address: '93.184.216.34', family: 4 },
      { address: '10.0.0.7', family: 4 },
    ];
    await expect(fetchWith('http://mixed.example/', { resolve })).rejects.toMatchObject({ code: 'URL_FORBIDDEN' });
  });

  it('connects to the address it checked: a name is resolved once', async () => {
    const port = await listen((request, response) => response.end(request.headers.host));
    let lookups = 0;
    const resolve = async (): Promise<ResolvedAddress[]> => {
      lookups++;
      // A rebinding server would answer with another address the second time.
      return [{ address: lookups === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }];
    };
    const isAllowed = (address: string) => address === '127.0.0.1';
    const bytes = await fetchWith(`http://rebind.example:${port}/`, { resolve, isAllowed });
    expect(Buffer.from(bytes).toString()).toBe(`rebind.example:${port}`);
    expect(lookups).toBe(1);
  });

  it('checks where a redirect leads as it checked the first URL', async () => {
    const port = await listen((_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end());
    const isAllowed = (address: string) => address === '127.0.0.1';
    const url = `http://public.example:${port}/`;
    await expect(fetchWith(url, { resolve: loopback, isAllowed })).rejects.toMatchObject({ code: 'URL_FORBIDDEN' });
  });

  it('does not follow a redirect to another kind of URL', async () => {
    const port = await listen((_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end());
    await expect(fetchWith(`http://127.0.0.1:${port}/`, { env: open })).rejects.toMatchObject({ code: 'URL_INVALID' });
  });

  it('follows redirects, but not for ever', async () => {
    const port = await listen((request, response) => {
      const count = Number(request.url?.slice(1));
      if (count === 3) response.end('arrived');
      else response.writeHead(302, { location: `/${count + 1}` }).end();
    });
    expect(Buffer.from(await fetchWith(`http://127.0.0.1:${port}/0`, { env: open })).toString()).toBe('arrived');
    const env = { ...open, QUIRE_URL_MAX_REDIRECTS: '2' };
    await expect(fetchWith(`http://127.0.0.1:${port}/0`, { env })).rejects.toMatchObject({ code: 'URL_UNREACHABLE' });
  });

  it('stops at the size limit of a file without an announced size', async () => {
    let sentCount = 0;
    const port = await listen((_, response) => {
      const timer = setInterval(() => {
        sentCount++;
        response.write(Buffer.alloc(1000));
      }, 1);
      response.on('close', () => clearInterval(timer));
    });
    const env = { ...open, QUIRE_URL_MAX_BYTES: '5000' };
    await expect(fetchWith(`http://127.0.0.1:${port}/`, { env })).rejects.toMatchObject({ code: 'URL_TOO_LARGE' });
    const sentAtRefusal = sentCount;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sentCount).toBeLessThanOrEqual(sentAtRefusal + 10);
  });

  it.each([
    ['never answers', () => {}],
    ['drips its body', (_: unknown, response: import('node:http').ServerResponse) => void response.write('x')],
  ] as [string, RequestListener][])('gives up on a server that %s', async (_, handler) => {
    const port = await listen(handler);
    const env = { ...open, QUIRE_URL_TIMEOUT_MS: '150' };
    const startedAt = performance.now();
    await expect(fetchWith(`http://127.0.0.1:${port}/`, { env })).rejects.toMatchObject({ code: 'URL_UNREACHABLE' });
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  it('gives up on a resolver that never answers', async () => {
    const resolve = () => new Promise<ResolvedAddress[]>(() => {});
    const env = { QUIRE_URL_TIMEOUT_MS: '100' };
    await expect(fetchWith('http://slow.example/', { env, resolve })).rejects.toMatchObject({
      code: 'URL_UNREACHABLE',
    });
  });

  it('stops with the reason of the request when its client leaves', async () => {
    const port = await listen(() => {});
    const client = new AbortController();
    const fetched = fetchWith(`http://127.0.0.1:${port}/`, { env: open, signal: client.signal });
    client.abort(new PoolError('CANCELLED', 'The client has left.'));
    await expect(fetched).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('reports other statuses and refused connections as unreachable', async () => {
    const port = await listen((_, response) => response.writeHead(404).end());
    await expect(fetchWith(`http://127.0.0.1:${port}/`, { env: open })).rejects.toThrow(/status 404/);
    await expect(fetchWith('http://127.0.0.1:1/', { env: open })).rejects.toMatchObject({ code: 'URL_UNREACHABLE' });
  });

  it('counts against the uploads of all requests', async () => {
    const port = await listen((_, response) => response.end(Buffer.alloc(1000)));
    await expect(fetchWith(`http://127.0.0.1:${port}/`, { env: open, budgetBytes: 10 })).rejects.toMatchObject({
      code: 'OVERLOADED',
    });
  });

  it('can be switched off', async () => {
    const env = { QUIRE_URL_ENABLED: 'no' };
    await expect(fetchWith('https://example.com/', { env })).rejects.toMatchObject({ code: 'URL_FORBIDDEN' });
  });
});
