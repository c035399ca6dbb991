import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeResult } from '../../../router/batch/write-result.js';

it('writes into folders that do not exist yet and leaves no draft behind', async () => {
  const root = mkdtempSync(join(tmpdir(), 'quire-result-'));
  const path = join(root, 'a', 'b', 'page.md');
  expect(await writeResult(path, 'text', false)).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe('text');
  expect(readdirSync(join(root, 'a', 'b'))).toEqual(['page.md']);
});

it('leaves a file alone that it may not replace', async () => {
  const root = mkdtempSync(join(tmpdir(), 'quire-result-'));
  const path = join(root, 'page.md');
  writeFileSync(path, 'mine');
  expect(await writeResult(path, 'text', false)).toBe(false);
  expect(readFileSync(path, 'utf8')).toBe('mine');
  expect(await writeResult(path, 'text', true)).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe('text');
  expect(readdirSync(root)).toEqual(['page.md']);
});
