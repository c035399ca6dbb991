import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { badFiles } from '../support/bad-files.js';
import { runQuire } from '../support/quire-process.js';

const page = fileURLToPath(new URL('../fixtures/pages/hello.png', import.meta.url));

function folderWith(...names: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'quire-cli-'));
  for (const name of names) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    copyFileSync(page, join(folder, name));
  }
  return folder;
}

describe('quire parse', () => {
  it('prints the Markdown of one file and nothing else', async () => {
    const { code, stdout, stderr } = await runQuire(['parse', page]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('The paper store');
    expect(stdout.endsWith('\n')).toBe(true);
  });

  it('prints JSON of the same shape as the server', async () => {
    const { stdout } = await runQuire(['parse', page, '--format', 'json', '--pages', '1']);
    const body = JSON.parse(stdout);
    expect(body.pages[0]).toMatchObject({ page: 1, width: 794, height: 760 });
    expect(body.failedBlockCount).toBe(0);
  });

  it('reads standard input', async () => {
    const { code, stdout } = await runQuire(['parse', '-'], { input: readFileSync(page) });
    expect(code).toBe(0);
    expect(stdout).toContain('The paper store');
  });

  it('writes a folder and its sub-folders into -o', async () => {
    const folder = folderWith('1.png', 'sub/2.png');
    const out = join(folder, 'out');
    const { code, stdout, stderr } = await runQuire(['parse', folder, '-o', out]);
    expect([code, stdout, stderr]).toEqual([0, '', '']);
    expect(readFileSync(join(out, '1.md'), 'utf8')).toContain('The paper store');
    expect(existsSync(join(out, 'sub', '2.md'))).toBe(true);
  });

  it('writes beside several inputs, but not over a file that is there already', async () => {
    const folder = folderWith('a.png', 'b.png');
    writeFileSync(join(folder, 'a.md'), 'mine');
    const args = ['parse', join(folder, 'a.png'), join(folder, 'b.png')];
    const first = await runQuire(args);
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(/^quire: \S+a\.png: \S+a\.md is there already; --overwrite replaces it\n$/);
    expect(readFileSync(join(folder, 'a.md'), 'utf8')).toBe('mine');
    const second = await runQuire([...args, '--overwrite']);
    expect(second.code).toBe(0);
    expect(readFileSync(join(folder, 'a.md'), 'utf8')).toContain('The paper store');
  });

  it('names each bad file with its code on one line, reads the good ones, and exits 1', async () => {
    const folder = folderWith('good.png');
    for (const { name, bytes } of badFiles) writeFileSync(join(folder, name), await bytes());
    const out = join(folder, 'out');
    const names = ['good.png', ...badFiles.map(({ name }) => name)];
    const { code, stderr } = await runQuire(['parse', ...names.map((name) => join(folder, name)), '-o', out]);
    expect(code).toBe(1);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(badFiles.length);
    for (const { name, code: wanted } of badFiles) {
      expect(
        lines.find((line) => line.startsWith(`quire: ${join(folder, name)}: `)),
        name,
      ).toContain(`(${wanted})`);
    }
    expect(readdirSync(out)).toEqual(['good.md']);
  });

  it('tells what it cannot find', async () => {
    const { code, stderr } = await runQuire(['parse', '/nowhere/page.png']);
    expect([code, stderr]).toEqual([1, 'quire: /nowhere/page.png: there is no such file or folder\n']);
  });

  it.each([
    ['a page range in words', ['parse', page, '--pages', 'all']],
    ['an unknown format', ['parse', page, '--format', 'docx']],
    ['an unknown option', ['parse', page, '--dpi', '300']],
    ['no input', ['parse']],
    ['an unknown command', ['read', page]],
  ])('refuses %s with exit code 2', async (_, args) => {
    const { code, stderr } = await runQuire(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/error/i);
  });
});

describe('help', () => {
  it('answers at once, for quire and each command', async () => {
    const startedAt = performance.now();
    const { code, stdout } = await runQuire(['--help']);
    expect(code).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(2000);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+)(?: \[options\])? .*$/gm)].map(([, name]) => name);
    expect(commands).toEqual(expect.arrayContaining(['serve', 'parse', 'bench', 'compile']));
    for (const command of ['serve', 'parse', 'bench', 'compile']) {
      const help = await runQuire([command, '--help']);
      expect(help.code).toBe(0);
      expect(help.stdout).toContain(`Usage: quire ${command}`);
      expect(help.stdout).toContain('Examples:');
    }
  });

  it('prints the version', async () => {
    const { stdout } = await runQuire(['--version']);
    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});
