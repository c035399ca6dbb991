import type { OpenAPIHono } from '@hono/zod-openapi';
import type { AppEnv, RouteParts } from '../app-env.js';
import { RouterError } from '../errors.js';
import { loadPageAssets } from '../page/page-assets.js';
import { pageShell } from '../page/page-shell.js';
import { quireVersion } from '../quire-version.js';

/** Folder of the page's files; the part after it changes whenever one of them does. */
const assetFolder = '/assets';

/** `GET /` (the page), its files under `/assets/VERSION/`, and `GET /sample.png`. */
export function registerPage(app: OpenAPIHono<AppEnv>, { pool, config }: RouteParts): void {
  app.get('/', (c) => {
    const { version, files } = loadPageAssets();
    const { host } = new URL(c.req.url);
    const protocol = c.req.header('x-forwarded-proto') === 'https' ? 'https' : 'http';
    c.header('Cache-Control', 'no-cache');
    return c.html(
      pageShell({
        modelName: pool.model.name,
        quireVersion: quireVersion(),
        needsKey: config.server.apiKeys.length > 0,
        maxBodyBytes: config.server.maxBodyBytes,
        assetBase: `${assetFolder}/${version}`,
        scripts: [...files.keys()].filter((name) => name.endsWith('.js') && !name.includes('/')),
        origin: `${protocol}://${host}`,
      }),
    );
  });

  app.get(`${assetFolder}/:version/:name{.+}`, (c) => {
    const { version, files } = loadPageAssets();
    const file = c.req.param('version') === version ? files.get(c.req.param('name')) : undefined;
    if (!file) throw new RouterError('NOT_FOUND', 'There is no such file of the page; reload it.');
    c.header('Content-Type', file.type);
    c.header('Cache-Control', 'public, max-age=31536000, immutable');
    c.header('Vary', 'Accept-Encoding');
    if (file.gzipped && /\bgzip\b/.test(c.req.header('accept-encoding') ?? '')) {
      c.header('Content-Encoding', 'gzip');
      return c.body(new Uint8Array(file.gzipped));
    }
    return c.body(new Uint8Array(file.bytes));
  });

  app.get('/sample.png', (c) => {
    const sample = loadPageAssets().files.get('sample.png');
    if (!sample) throw new RouterError('NOT_FOUND', 'This build has no sample.');
    return c.body(new Uint8Array(sample.bytes), 200, { 'Content-Type': sample.type, 'Cache-Control': 'no-cache' });
  });
}
