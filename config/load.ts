import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { defaultCacheDir } from './cache-dir.js';
import { ConfigError, type ConfigProblem } from './errors.js';
import { nearestName } from './nearest-name.js';
import { readTextValue } from './read-text-value.js';
import { type Config, configSchema } from './schema.js';
import { type Setting, settings } from './setting.js';

/** Where settings may come from, in rising precedence. */
export interface ConfigSources {
  /** YAML file. */
  readonly file?: string;
  /** Variables named `QUIRE_` + path, lists separated by commas. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Values of command-line flags by dotted path, as text. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
}

/** Variables that are not settings but ours; `QUIRE_FAULTS` is the fault-injection switch of the tests. */
const otherVariables = ['QUIRE_CACHE_DIR', 'QUIRE_CONFIG', 'QUIRE_FAULTS'];

/** Kubernetes announces a service called `quire` in every pod of its namespace. */
const serviceLink = /^QUIRE_(SERVICE_(HOST|PORT)|PORT)(_|$)/;

type Tree = Record<string, unknown>;

/**
 * Reads the settings, checks them against the schema and freezes the result; `model.cacheDir` comes back as the
 * folder that will be used.
 *
 * @throws ConfigError naming every setting that is wrong and where it was written.
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const env = sources.env ?? {};
  const problems: ConfigProblem[] = [];
  const origins = new Map<string, string>();
  const tree = sources.file ? readFile(sources.file) : {};
  const overlay = (setting: Setting, text: string, origin: string): void => {
    const section = tree[setting.section];
    // A section of the wrong shape is reported by the schema; nothing can be laid over it.
    if (section !== undefined && !isTree(section)) return;
    tree[setting.section] = { ...section, [setting.name]: readTextValue(setting, text) };
    origins.set(setting.path, origin);
  };

  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('QUIRE_') || text === undefined || otherVariables.includes(name)) continue;
    const setting = settings.find((candidate) => candidate.env === name);
    if (setting) overlay(setting, text, name);
    else if (!serviceLink.test(name)) problems.push(unknownName(name, [...envNames(), ...otherVariables]));
  }
  for (const [path, text] of Object.entries(sources.flags ?? {})) {
    const setting = settings.find((candidate) => candidate.path === path);
    if (!setting) throw new TypeError(`flag for a setting that does not exist: ${path}`);
    if (text !== undefined) overlay(setting, text, 'the command line');
  }

  const checked = configSchema.safeParse(tree);
  if (!checked.success) problems.push(...checked.error.issues.flatMap((issue) => toProblems(issue, tree, origins)));
  const sourced = problems.map((problem) => withSource(problem, sources.file, origins));
  if (!checked.success || sourced.length > 0) throw new ConfigError(sourced);
  const { model } = checked.data;
  const cacheDir = model.cacheDir ? resolve(model.cacheDir) : defaultCacheDir(env);
  return freeze({ ...checked.data, model: { ...model, cacheDir } });
}

function envNames(): string[] {
  return settings.map((setting) => setting.env);
}

function readFile(file: string): Tree {
  const fail = (reason: string, cause?: unknown): never => {
    throw new ConfigError([{ path: file, reason }], { cause });
  };
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    fail(`cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`, error);
  }
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map((error) => ({ path: file, reason: `is not valid YAML: ${error.message.split('\n')[0]}` })),
    );
  }
  const tree: unknown = document.toJS({ maxAliasCount: 10 }) ?? {};
  if (!isTree(tree)) return fail('must hold sections such as `server:`');
  // `server:` with nothing below it is null in YAML and means "as usual".
  return Object.fromEntries(Object.entries(tree).filter(([, value]) => value !== null));
}

function toProblems(issue: z.core.$ZodIssue, tree: Tree, origins: ReadonlyMap<string, string>): ConfigProblem[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = [...Object.keys(configSchema.shape), ...settings.map((setting) => setting.path)];
    return issue.keys.map((key) => unknownName([...path, key].join('.'), known));
  }
  const settingPath = path.slice(0, 2).join('.');
  const setting = settings.find((candidate) => candidate.path === settingPath);
  const value = path.reduce<unknown>((node, key) => (node as Tree | undefined)?.[key], tree);
  const shown = setting?.isSecret || value === undefined ? '' : `, not ${JSON.stringify(value)}`;
  const reason = `${issue.message.replace(/^Invalid (input|option|string): /, '').replace(/^Too (small|big): /, '')}${shown}`;
  return [{ path: path.join('.'), reason, source: origins.get(settingPath) }];
}

function unknownName(name: string, known: readonly string[]): ConfigProblem {
  const near = nearestName(name, known) ?? nearestLeaf(name);
  return { path: name, reason: `unknown setting${near ? `; did you mean ${near}?` : ''}` };
}

/** The right name in the wrong section is the other common slip. */
function nearestLeaf(path: string): string | undefined {
  const leaf = path.split('.').at(-1) ?? path;
  const name = nearestName(
    leaf,
    settings.map((setting) => setting.name),
  );
  return settings.find((setting) => setting.name === name)?.path;
}

function withSource(
  problem: ConfigProblem,
  file: string | undefined,
  origins: ReadonlyMap<string, string>,
): ConfigProblem {
  if (problem.source || problem.path.startsWith('QUIRE_')) return problem;
  const source = origins.get(problem.path) ?? file;
  return source ? { ...problem, source } : problem;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}
