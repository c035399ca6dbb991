import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findInputs } from '../../../router/batch/find-inputs.js';

function folder(...names: string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'quire-inputs-'));
  for (const name of names) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), 'x');
  }
  return root;
}

it('finds known kinds in a folder and below, in the order of numbers, without hidden files', async () => {
  const root = folder('10.png', '2.PNG', 'notes.txt', '.hidden.png', 'sub/a.pdf', '.git/b.png');
  const { inputs, hasFolder } = await findInputs([root]);
  expect(inputs.map(({ relativePath }) => relativePath)).toEqual(['2.PNG', '10.png', join('sub', 'a.pdf')]);
  expect(hasFolder).toBe(true);
});

it('takes a named file whatever its name, and each only once', async () => {
  const path = join(folder('scan.bin'), 'scan.bin');
  const { inputs, hasFolder } = await findInputs([path, path]);
  expect(inputs).toEqual([{ label: path, path, relativePath: 'scan.bin' }]);
  expect(hasFolder).toBe(false);
});

it('tells what it cannot find and goes on', async () => {
  const root = folder('notes.txt', 'pages/1.png');
  const { inputs, problems } = await findInputs([join(root, 'none.png'), join(root, 'pages'), '-']);
  expect(problems).toEqual([{ label: join(root, 'none.png'), reason: 'there is no such file or folder' }]);
  expect(inputs.map(({ label }) => label)).toEqual([join(root, 'pages', '1.png'), 'standard input']);
  expect((await findInputs([folder('notes.txt')])).problems[0].reason).toMatch(/no images or PDFs/);
});

it('ends where links make a circle of folders', async () => {
  const root = folder('1.png');
  symlinkSync(root, join(root, 'again'));
  expect((await findInputs([root])).inputs).toHaveLength(1);
});
