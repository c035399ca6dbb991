import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { startingFetch } from '../../../router/starting-fetch.js';
import { openTestApp } from '../../support/test-app.js';

/** Address of a file of the page, as the shell names it. */
async function addressOf(app: ReturnType<typeof openTestApp>['app'], name: string): Promise<string> {
  const text = await (await app.request('/')).text();
  return new RegExp(`/assets/[0-9a-f]{12}/${name.replace('.', '\\.')}`).exec(text)?.[0] ?? '';
}

describe('GET /', () => {
  it('answers the page under a policy that allows nothing inline and nothing from elsewhere', async () => {
    const { app } = openTestApp();
    const response = await app.request('/');
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(response.status).toBe(200);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const text = await response.text();
    expect(text).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|(src|href)="(?!\/|#)/);
    expect(text).toContain('scripted');
  });

  it('leaves the policy of other answers as it is', async () => {
    const { app } = openTestApp();
    expect((await app.request('/docs')).headers.get('content-security-policy')).toContain('unsafe-inline');
  });

  it('offers a key only where one is wanted', async () => {
    const button = /<button[^>]*id="enter-key"[^>]*>/;
    const open = await (await openTestApp().app.request('/')).text();
    const locked = await (await openTestApp({}, { QUIRE_SERVER_API_KEYS: 'a-long-key' }).app.request('/')).text();
    expect(button.exec(open)?.[0]).toContain('hidden');
    expect(button.exec(locked)?.[0]).not.toContain('hidden');
    expect(locked).not.toContain('a-long-key');
  });

  it('writes no markup from the address it was asked at', async () => {
    const { app } = openTestApp();
    const response = await app.request('/', {
      headers: { host: '"><script>alert(1)</script>', 'x-forwarded-proto': '"><b>' },
    });
    expect(await response.text()).not.toMatch(/<script>alert|"><b>/);
  });

  it('looks again by itself while the server starts', () => {
    const response = startingFetch(new Request('http://host/'));
    expect([response.status, response.headers.get('refresh')]).toEqual([503, '1']);
    expect(startingFetch(new Request('http://host/v1/parse')).headers.get('refresh')).toBeNull();
  });
});

describe('the files of the page', () => {
  it('are kept by browsers for good, since their address changes with them', async () => {
    const { app } = openTestApp();
    const response = await app.request(await addressOf(app, 'main.js'));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/javascript');
    expect(response.headers.get('cache-control')).toContain('immutable');
  });

  it('come compressed to those who can read that', async () => {
    const { app } = openTestApp();
    const address = await addressOf(app, 'page.css');
    const plain = await app.request(address);
    const packed = await app.request(address, { headers: { 'accept-encoding': 'gzip, br' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(packed.headers.get('vary')).toContain('Accept-Encoding');
    expect((await packed.arrayBuffer()).byteLength).toBeLessThan((await plain.arrayBuffer()).byteLength / 2);
  });

  it.each(['markdown-it', 'dompurify', 'temml'])('hold %s from its own package, as a module', async (name) => {
    const { app } = openTestApp();
    const main = await addressOf(app, 'main.js');
    const response = await app.request(main.replace('main.js', `vendor/${name}.js`));
    expect(response.status).toBe(200);
    expect(await response.text()).not.toContain('sourceMappingURL');
  });

  it.each(['../../package.json', '%2e%2e%2fpackage.json', 'vendor/../main.js', 'vendor/other.js', 'main.ts'])(
    'are all there is: %j is not found',
    async (name) => {
      const { app } = openTestApp();
      const main = await addressOf(app, 'main.js');
      const response = await app.request(main.replace('main.js', name));
      expect(response.status).toBe(name === 'vendor/../main.js' ? 200 : 404);
    },
  );

  it('are not found under the address of another version', async () => {
    const { app } = openTestApp();
    expect((await app.request('/assets/000000000000/main.js')).status).toBe(404);
  });

  it('hold the sample', async () => {
    const response = await openTestApp().app.request('/sample.png');
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.equals(readFileSync('router/web/sample.png'))).toBe(true);
    expect(bytes.length).toBeLessThan(150_000);
  });
});
