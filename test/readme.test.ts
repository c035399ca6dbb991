import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { settings } from '../config/index.js';
import { benchCommand } from '../router/commands/bench.js';
import { compileCommand } from '../router/commands/compile.js';
import { doctorCommand } from '../router/commands/doctor.js';
import { parseCommand } from '../router/commands/parse.js';
import { serveCommand } from '../router/commands/serve.js';
import { errorTable } from '../router/error-response.js';
import { renderBusyMetrics } from './support/busy-metrics.js';
import { openTestApp } from './support/test-app.js';

const path = new URL('../README.md', import.meta.url);
const readme = (): string => readFileSync(path, 'utf8');

/** Cells hold no bars and no line breaks. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Families of `/metrics` with their labels; `le` and `quantile` belong to the format, not to us. */
function metricTable(text: string): string {
  const families = [...text.matchAll(/^# HELP (\S+) (.+)\n# TYPE \S+ (\S+)$/gm)].map(([, name, help, type]) => {
    const labels = [...text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\} `, 'gm'))].flatMap(
      ([, list]) => [...list.matchAll(/(\w+)="/g)].map(([, label]) => label),
    );
    const own = [...new Set(labels)].filter((label) => label !== 'le' && label !== 'quantile');
    return [`\`${name}\``, type, own.map((label) => `\`${label}\``).join(' '), help];
  });
  return table(['series', 'type', 'labels', 'meaning'], families);
}

const metrics = metricTable(await renderBusyMetrics());

const tables: Readonly<Record<string, () => string>> = {
  metrics: () => metrics,
  errors: () =>
    table(
      ['code', 'status', 'meaning'],
      Object.entries(errorTable).map(([code, { status, meaning }]) => [`\`${code}\``, String(status), meaning]),
    ),
  settings: () =>
    table(
      ['setting', 'default', 'meaning'],
      settings.map(({ path: name, defaultValue, sentence, choices }) => [
        `\`${name}\``,
        `\`${JSON.stringify(defaultValue)}\``,
        `${sentence}${choices.length > 0 ? ` One of ${choices.map((choice) => `\`${choice}\``).join(', ')}.` : ''}`,
      ]),
    ),
};

/** The tables between `<!-- name -->` and `<!-- /name -->`; `UPDATE_README=1 npx vitest run test/readme.test.ts` writes them. */
describe('the README', () => {
  it.each(Object.keys(tables))('has the table of %s as the code has it', (name) => {
    const block = new RegExp(`(<!-- ${name} -->\n\n)[\\s\\S]*?(\n\n<!-- /${name} -->)`);
    expect(readme()).toMatch(block);
    if (process.env.UPDATE_README)
      writeFileSync(
        path,
        readme().replace(block, (_, open, close) => open + tables[name]() + close),
      );
    expect(block.exec(readme())?.[0]).toBe(`<!-- ${name} -->\n\n${tables[name]()}\n\n<!-- /${name} -->`);
  });

  it('lists every route, and none that does not exist', () => {
    const { app } = openTestApp();
    // What the page loads for itself is nobody's interface.
    const isOwn = (route: string): boolean => /^\/(assets\/|sample\.png)/.test(route);
    const real = app.routes
      .filter(({ method, path: route }) => method !== 'ALL' && !isOwn(route))
      .map(({ method, path: route }) => `${method} ${route.replace(/:(\w+)/g, '{$1}')}`);
    const listed = [...readme().matchAll(/^\| `((?:GET|POST|PUT|DELETE) [^`]+)` \|/gm)].map(([, route]) => route);
    expect([...new Set(listed)].sort()).toEqual([...new Set(real)].sort());
  });

  it('names every command with each of its own options, and none that does not exist', () => {
    const commands = [serveCommand(), parseCommand(), benchCommand(), compileCommand(), doctorCommand()];
    const known = new Set(commands.flatMap((command) => command.options.map(({ long }) => long)));
    for (const command of commands) expect(readme(), command.name()).toContain(`quire ${command.name()}`);
    const used = new Set([...readme().matchAll(/(?<![\w-])(--[a-z][a-z-]+)(?=[\s`,.)])/g)].map(([, option]) => option));
    const foreign = ['--data-binary', '--help'];
    expect([...used].filter((option) => !known.has(option) && !foreign.includes(option))).toEqual([]);
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    const named = [...readme().matchAll(/npm (?:run )?(start|test|[a-z]+(?:-[a-z]+)*)\b/g)].map(([, name]) => name);
    const own = named.filter((name) => !['ci', 'run', 'install'].includes(name));
    expect(own.filter((name) => !(name in scripts))).toEqual([]);
  });
});
