import { describe, expect, it } from 'vitest';
import { scriptedDevice } from '../support/scripted-pool.js';
import { openTestApp } from '../support/test-app.js';

const file = { method: 'POST', body: new Uint8Array([1]), headers: { 'content-type': 'image/png' } };
const withKey = (key: string, init: RequestInit = {}): RequestInit => ({
  ...init,
  headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${key}` },
});
/** What @hono/node-server hands to the app for a connection from this address. */
const from = (remoteAddress: string) => ({ incoming: { socket: { remoteAddress } } }) as never;

async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { error: { code: string } }).error.code;
}

describe('request ids', () => {
  it('keeps the id of the caller, in the header and in the log', async () => {
    const { app, lines } = openTestApp();
    const response = await app.request('/v1/parse', {
      ...file,
      headers: { ...file.headers, 'x-request-id': 'trace-1' },
    });
    expect(response.headers.get('x-request-id')).toBe('trace-1');
    expect(lines.at(-1)).toMatchObject({ id: 'trace-1', status: 200, pages: 1, crops: 2, outcome: 'ok' });
  });

  it('makes one where the caller sent none or one that could forge a log line', async () => {
    const { app } = openTestApp();
    const none = (await app.request('/livez')).headers.get('x-request-id');
    const forged = await app.request('/livez', { headers: { 'x-request-id': 'a" level="fatal' } });
    expect(none).toMatch(/^[0-9a-f-]{36}$/);
    expect(forged.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('keys', () => {
  const env = { QUIRE_SERVER_API_KEYS: 'user-key-1,user-key-2', QUIRE_SERVER_ADMIN_KEYS: 'admin-key-1' };

  it('leaves the API open where no key is set', async () => {
    expect((await openTestApp().app.request('/v1/parse', file)).status).toBe(200);
  });

  it.each([
    ['no key', file],
    ['a wrong key', withKey('user-key-3', file)],
    ['a prefix of a key', withKey('user-key', file)],
    ['another scheme', { ...file, headers: { ...file.headers, authorization: 'Basic user-key-1' } }],
  ])('refuses %s', async (_, init) => {
    const { app, pool } = openTestApp({}, env);
    const response = await app.request('/v1/parse', init);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await codeOf(response)).toBe('UNAUTHORIZED');
    expect(pool.calls).toEqual([]);
  });

  it.each(['user-key-1', 'user-key-2', 'admin-key-1'])('lets %s read', async (key) => {
    expect((await openTestApp({}, env).app.request('/v1/parse', withKey(key, file))).status).toBe(200);
  });

  it('asks no key of probes, scrapes and readers of the reference', async () => {
    const { app } = openTestApp({}, env);
    for (const path of [
      '/livez',
      '/readyz',
      '/v2/health/live',
      '/v2/health/ready',
      '/metrics',
      '/docs',
      '/openapi.json',
    ]) {
      expect((await app.request(path)).status, path).toBe(200);
    }
    expect((await app.request('/devices')).status).toBe(401);
  });

  it('lets only an admin key act on devices', async () => {
    const { app } = openTestApp({}, env);
    const drain = { method: 'POST' };
    expect((await app.request('/devices/cpu:0/drain', withKey('user-key-1', drain))).status).toBe(401);
    expect((await app.request('/devices/cpu:0/drain', withKey('admin-key-1', drain))).status).toBe(200);
  });
});

describe('devices', () => {
  it('lists them with moments in ISO 8601', async () => {
    const { app } = openTestApp();
    const { devices } = (await (await app.request('/devices')).json()) as { devices: Record<string, unknown>[] };
    expect(devices).toEqual([{ ...scriptedDevice, canaryOkAt: '2023-11-14T22:13:20.000Z' }]);
  });

  it('obeys this machine where no admin key is set, and nobody else', async () => {
    const { app } = openTestApp();
    const act = (address: string, headers: Record<string, string> = {}) =>
      app.request('/devices/cpu:0/restart', { method: 'POST', headers }, from(address));
    expect((await act('127.0.0.1')).status).toBe(200);
    expect((await act('::1')).status).toBe(200);
    expect(await codeOf(await act('192.168.1.4'))).toBe('FORBIDDEN');
    // A proxy on this machine, and a page in a browser on it.
    expect((await act('127.0.0.1', { 'x-forwarded-for': '203.0.113.9' })).status).toBe(403);
    expect((await act('127.0.0.1', { origin: 'https://evil.example' })).status).toBe(403);
  });

  it('refuses unknown devices and unknown actions', async () => {
    const { app } = openTestApp();
    const act = (path: string) => app.request(path, { method: 'POST' }, from('127.0.0.1'));
    const unknown = await act('/devices/cuda:9/drain');
    expect([unknown.status, await codeOf(unknown)]).toEqual([404, 'DEVICE_UNKNOWN']);
    const explode = await act('/devices/cpu:0/explode');
    expect([explode.status, await codeOf(explode)]).toEqual([400, 'REQUEST_INVALID']);
  });
});

describe('health', () => {
  it('is ready only when the pool is', async () => {
    expect((await openTestApp({ isReady: true }).app.request('/readyz')).status).toBe(200);
    const notReady = await openTestApp({ isReady: false }).app.request('/v2/health/ready');
    expect(notReady.status).toBe(503);
    expect(await notReady.json()).toMatchObject({ ready: false, devices: [{ id: 'cpu:0', state: 'ready' }] });
  });

  it('is not logged as long as it is well, and counted all the same', async () => {
    const { app, lines } = openTestApp();
    await app.request('/livez');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 'debug', route: '/livez' });
    expect(await (await app.request('/metrics')).text()).toMatch(/quire_http_requests_total\{route="\/livez"[^}]*\} 1/);
  });
});

describe('what no route takes', () => {
  it('is 404 with a code', async () => {
    const response = await openTestApp().app.request('/v1/nothing');
    expect([response.status, await codeOf(response)]).toEqual([404, 'NOT_FOUND']);
  });

  it('is 405 where only the method is wrong', async () => {
    const { app, lines } = openTestApp();
    const response = await app.request('/v1/parse');
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    expect(lines.at(-1)).toMatchObject({ code: 'METHOD_NOT_ALLOWED', outcome: 'error' });
    expect((await app.request('/devices/a/drain', {}, from('127.0.0.1'))).status).toBe(405);
  });

  it('shares one label in the metrics', async () => {
    const { app } = openTestApp();
    await app.request('/wp-admin.php');
    await app.request('/.env');
    expect(await (await app.request('/metrics')).text()).toMatch(/\{route="unmatched"[^}]*\} 2/);
  });
});

describe('browsers', () => {
  it('get headers that keep pages to themselves', async () => {
    const response = await openTestApp().app.request('/docs');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('of other origins are let in only where the settings say so', async () => {
    const preflight = {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    };
    const closed = await openTestApp().app.request('/v1/parse', preflight);
    expect(closed.headers.get('access-control-allow-origin')).toBeNull();
    const env = { QUIRE_SERVER_CORS_ORIGINS: 'https://app.example', QUIRE_SERVER_API_KEYS: 'user-key-1' };
    const { app } = openTestApp({}, env);
    const open = await app.request('/v1/parse', preflight);
    expect([open.status, open.headers.get('access-control-allow-origin')]).toEqual([204, 'https://app.example']);
    // A failure must be readable by the page too.
    const refused = await app.request('/v1/parse', {
      ...file,
      headers: { ...file.headers, origin: 'https://app.example' },
    });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, 'https://app.example']);
    const other = await app.request('/v1/parse', {
      ...preflight,
      headers: { ...preflight.headers, origin: 'https://b.example' },
    });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('the reference', () => {
  it('describes every route of the API in OpenAPI 3.1, from the schemas that validate', async () => {
    const { app } = openTestApp();
    const api = (await (await app.request('/openapi.json')).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { parameters?: { name: string }[] }>>;
      components: { schemas: Record<string, unknown> };
    };
    expect(api.openapi).toBe('3.1.0');
    expect(Object.keys(api.paths)).toEqual(
      expect.arrayContaining(['/v1/parse', '/livez', '/readyz', '/metrics', '/devices', '/devices/{id}/{action}']),
    );
    expect(api.paths['/v1/parse'].post.parameters?.map(({ name }) => name)).toEqual([
      'pages',
      'pictures',
      'priority',
      'timeoutMs',
      'idempotency-key',
      'prefer',
    ]);
    expect(Object.keys(api.components.schemas)).toEqual(
      expect.arrayContaining(['Document', 'ParseEvent', 'Error', 'UrlInput']),
    );
    const references = JSON.stringify(api).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
    for (const [, name] of references) expect(api.components.schemas, name).toHaveProperty(name);
  });

  it('is a page that reaches no other address', async () => {
    const page = await (await openTestApp().app.request('/docs')).text();
    expect(page).toContain('POST /v1/parse');
    expect(page).toContain('POISON_CROP');
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  });
});
