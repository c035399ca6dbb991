import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** A file of the page, ready to be sent. */
export interface PageAsset {
  readonly bytes: Buffer;
  /** The same, compressed; absent where that gains nothing. */
  readonly gzipped?: Buffer;
  readonly type: string;
}

export interface PageAssets {
  /** Names what the files hold: addresses contain it, so that browsers keep them for good and never mix versions. */
  readonly version: string;
  /** By name: `main.js`, `page.css`, `vendor/temml.js`, … Nothing outside this table is ever served. */
  readonly files: ReadonlyMap<string, PageAsset>;
}

/** Parts of the style sheet in the order in which they count; sent as one. */
const styleSheets = ['base', 'topbar', 'library', 'welcome', 'page', 'text', 'foot', 'devices', 'narrow'];

/** Libraries of the page, from their packages. `suffix` makes a script that only defines a variable a module. */
const vendors = [
  { name: 'vendor/markdown-it.js', from: 'markdown-it/package.json', file: 'dist/browser/markdown-it.esm.min.mjs' },
  { name: 'vendor/dompurify.js', from: 'dompurify', file: 'purify.min.js' },
  {
    name: 'vendor/temml.js',
    from: 'temml/package.json',
    file: 'dist/temml.min.js',
    suffix: '\nexport default temml;\n',
  },
] as const;

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

let loaded: PageAssets | undefined;

/** Reads the page's files once: scripts from `dist/`, style and sample from beside the sources, libraries from their packages. */
export function loadPageAssets(): PageAssets {
  loaded ??= readAssets();
  return loaded;
}

function readAssets(): PageAssets {
  const root = packageRoot();
  const require = createRequire(import.meta.url);
  const files = new Map<string, PageAsset>();
  const scripts = path.join(root, 'dist/router/web');
  for (const name of readdirSync(scripts).sort()) {
    if (name.endsWith('.js')) files.set(name, assetOf(name, readFileSync(path.join(scripts, name))));
  }
  const sheets = styleSheets.map((name) => readFileSync(path.join(root, 'router/web/style', `${name}.css`)));
  files.set('page.css', assetOf('page.css', Buffer.concat(sheets)));
  for (const name of ['sample.png', 'icon.svg']) {
    files.set(name, assetOf(name, readFileSync(path.join(root, 'router/web', name))));
  }
  for (const vendor of vendors) {
    const bytes = readFileSync(path.join(path.dirname(require.resolve(vendor.from)), vendor.file));
    // Source maps are not served; the comment that names one would only make a request fail.
    const text = bytes.toString('utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');
    files.set(vendor.name, assetOf(vendor.name, Buffer.from(text + ('suffix' in vendor ? vendor.suffix : ''))));
  }
  const hash = createHash('sha256');
  for (const [name, { bytes }] of files) hash.update(name).update(bytes);
  return { version: hash.digest('hex').slice(0, 12), files };
}

function assetOf(name: string, bytes: Buffer): PageAsset {
  const type = types[path.extname(name)] ?? 'application/octet-stream';
  const gzipped = name.endsWith('.png') ? undefined : gzipSync(bytes, { level: 9 });
  return { bytes, type, ...(gzipped && gzipped.length < bytes.length ? { gzipped } : {}) };
}

/** The folder of `package.json`: two or three folders up, as this file lies in the sources or in `dist/`. */
function packageRoot(): string {
  for (const place of ['../..', '../../..']) {
    const folder = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(path.join(folder, 'package.json'))) return folder;
  }
  throw new TypeError('package.json is not where the files of the page expect it');
}
