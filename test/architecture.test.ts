import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const layers = ['config', 'models', 'pool', 'router'] as const;
type Layer = (typeof layers)[number];

interface SourceFile {
  /** Path from the root, with slashes. */
  readonly path: string;
  readonly layer: Layer;
  readonly text: string;
  readonly imports: readonly Import[];
}

interface Import {
  readonly from: string;
  readonly isTypeOnly: boolean;
}

/** Sources of the page run in a browser and are built by themselves; see their own rule below. */
const isBrowserCode = (path: string): boolean => path.startsWith('router/web/');

const sources = layers.flatMap((layer) => filesBelow(layer).map((path) => readSource(layer, path)));
const serverSources = sources.filter(({ path }) => !isBrowserCode(path));

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return filesBelow(path);
    return /\.(ts|mts|tsx)$/.test(entry.name) ? [path] : [];
  });
}

function readSource(layer: Layer, path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const imports: Import[] = [];
  for (const [, kind, clause, from] of code.matchAll(
    /^\s*(import|export)\s+(?:([^'";]*?)\s+from\s+)?['"]([^'"]+)['"]/gm,
  )) {
    const names = clause ?? '';
    const members = /^\{([\s\S]*)\}$/
      .exec(names.trim())?.[1]
      .split(',')
      .map((name) => name.trim());
    const isTypeOnly =
      /^type\b/.test(names) || (members?.filter(Boolean).every((name) => name.startsWith('type ')) ?? false);
    imports.push({ from, isTypeOnly: isTypeOnly && (kind === 'import' || names !== '') });
  }
  for (const [, from] of code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g))
    imports.push({ from, isTypeOnly: false });
  return { path, layer, text, imports };
}

/** Doors each layer may use. Nothing points up, and the router does not reach past the pool. */
const mayUse: Readonly<Record<Layer, readonly string[]>> = {
  config: [],
  models: ['#config'],
  pool: ['#config', '#models'],
  router: ['#config', '#pool'],
};

/** Packages by the folder that may import them; the longest matching folder decides. */
const packagesOf: Readonly<Record<string, readonly string[]>> = {
  config: ['zod', 'yaml'],
  models: ['zod'],
  'models/compile': ['protobufjs'],
  'models/tokenizer': ['@huggingface/tokenizers', '@huggingface/jinja'],
  pool: ['piscina'],
  'pool/engine': ['onnxruntime-node'],
  'pool/engine/cuda/native': ['koffi'],
  'pool/remote': ['undici', 'zod'],
  'router/benchmark': ['sharp'],
  'pool/prepare': ['sharp', '@hyzyla/pdfium', 'piscina'],
  router: [
    'hono',
    '@hono/node-server',
    '@hono/zod-openapi',
    'zod',
    'pino',
    'prom-client',
    'undici',
    'commander',
    'cli-progress',
  ],
};

const builtins = new Set(builtinModules);

function packageOf(from: string): string | undefined {
  if (from.startsWith('.') || from.startsWith('#') || from.startsWith('node:') || builtins.has(from)) return undefined;
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/');
}

function allowedPackages(path: string): ReadonlySet<string> {
  const folders = Object.keys(packagesOf).filter((folder) => path.startsWith(`${folder}/`));
  return new Set(folders.flatMap((folder) => packagesOf[folder]));
}

/** Path of the source that a relative import means. */
function targetOf(path: string, from: string): string {
  const target = relative(root, resolve(root, dirname(path), from)).replaceAll('\\', '/');
  return target.replace(/\.js$/, '.ts').replace(/\.mjs$/, '.mts');
}

describe('layers', () => {
  it('point one way: router, pool, models, config', () => {
    const wrong = serverSources.flatMap(({ path, layer, imports }) =>
      imports
        .filter(({ from }) => from.startsWith('#') && !mayUse[layer].includes(from))
        .map(({ from }) => `${path} imports ${from}`),
    );
    expect(wrong).toEqual([]);
  });

  it('are entered through their doors only', () => {
    const wrong = sources.flatMap(({ path, layer, imports }) =>
      imports
        .filter(({ from }) => from.startsWith('.') && !targetOf(path, from).startsWith(`${layer}/`))
        .map(({ from }) => `${path} imports ${from}`),
    );
    expect(wrong).toEqual([]);
  });

  it('have doors that only pass on', () => {
    for (const layer of ['config', 'models', 'pool']) {
      const code = readSource(layer as Layer, `${layer}/index.ts`).text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      const rest = code
        .replace(/export\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^}]*\})\s+from\s+['"][^'"]+['"];?/g, '')
        .trim();
      expect(rest, `${layer}/index.ts`).toBe('');
    }
  });

  it('have no circles of files', () => {
    const graph = new Map(
      sources.map(({ path, imports }) => [
        path,
        // Types are gone at run time: a contract may name what implements it.
        imports
          .filter(({ from, isTypeOnly }) => from.startsWith('.') && !isTypeOnly)
          .map(({ from }) => targetOf(path, from)),
      ]),
    );
    expect(findCircle(graph)).toBeUndefined();
  });
});

describe('packages', () => {
  it('are imported only where they belong', () => {
    const wrong = serverSources.flatMap(({ path, imports }) =>
      imports
        .map(({ from }) => packageOf(from))
        .filter((name): name is string => name !== undefined && !allowedPackages(path).has(name))
        .map((name) => `${path} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('reach ONNX Runtime through one file', () => {
    const doors = sources.filter(({ imports }) => imports.some(({ from }) => packageOf(from) === 'onnxruntime-node'));
    expect(doors.map(({ path }) => path)).toEqual(['pool/engine/session.ts']);
  });

  it('are pinned exactly', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)),
    );
    expect(loose).toEqual([]);
  });

  it('of every platform are in the lock file, else npm ci refuses it', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
      ),
    );
    expect(missing).toEqual([]);
  });

  it('that run do so on the Node that package.json asks for', () => {
    const read = (name: string) => JSON.parse(readFileSync(join(root, name, 'package.json'), 'utf8'));
    const { dependencies, engines } = read('.');
    const [, wanted] = /(\d+\.\d+)/.exec(engines.node) ?? [];
    expect(wanted).toMatch(/^20\./);
    for (const name of Object.keys(dependencies)) {
      const range: string = read(`node_modules/${name}`).engines?.node ?? '*';
      expect(acceptsNode20(range), `${name} needs ${range}`).toBe(true);
    }
  });
});

describe('files', () => {
  it('are named for an idea', () => {
    const banned = /^(utils?|helpers?|common|misc|shared|types|stuff)$/;
    const wrong = sources.filter(({ path }) =>
      path.split('/').some((part) => banned.test(part.replace(/\.(m?ts|tsx)$/, ''))),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
    const oddly = sources.filter(({ path }) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.(m?ts|tsx)$/.test(basename(path)));
    expect(oddly.map(({ path }) => path)).toEqual([]);
  });

  it('have at most 400 lines', () => {
    const long = sources.map(({ path, text }) => ({ path, lineCount: text.split('\n').length - 1 }));
    expect(long.filter(({ lineCount }) => lineCount > 400)).toEqual([]);
  });

  it('use no `any`', () => {
    const wrong = sources.filter(({ text }) =>
      /(:\s*|<|\bas\s+)any\b(?!\w)/.test(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$|'[^'\n]*'|`[^`]*`/gm, '')),
    );
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

/** Whether some `||` part of a range admits 20.x: enough for the forms that packages use. */
function acceptsNode20(range: string): boolean {
  return range.split('||').some((part) => {
    const bound = /(>=|\^|~|>|)\s*v?(\d+)/.exec(part.trim());
    if (!bound) return part.trim() === '*' || part.trim() === '';
    const [, operator, major] = bound;
    return operator.startsWith('>') ? Number(major) <= 20 : Number(major) === 20;
  });
}

function findCircle(graph: ReadonlyMap<string, readonly string[]>): string | undefined {
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path].join(' -> ');
    if (finished.has(path)) return undefined;
    for (const next of graph.get(path) ?? []) {
      const circle = visit(next, [...trail, path]);
      if (circle) return circle;
    }
    finished.add(path);
    return undefined;
  };
  for (const path of graph.keys()) {
    const circle = visit(path, []);
    if (circle) return circle;
  }
  return undefined;
}
