import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPixelFiles, sweepPixelFiles } from '../../pool/pixel-files.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'quire-pixel-test-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('writes patches where only this user can read them, and removes them', async () => {
  const files = openPixelFiles(root);
  const { file, gridWidth } = await files.write({ gridHeight: 2, gridWidth: 4, patches: Uint8Array.of(1, 2, 3) });
  expect([...readFileSync(file)]).toEqual([1, 2, 3]);
  expect(gridWidth).toBe(4);
  expect(statSync(file).mode & 0o077).toBe(0);
  files.close();
  expect(readdirSync(root)).toEqual([]);
});

it('sweeps what a dead server left, and nothing of a living one', () => {
  const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  const { pid: deadPid } = spawnSync('true');
  mkdirSync(join(root, `quire-pixels-${namespace}-${deadPid}-abc`));
  mkdirSync(join(root, `quire-pixels-1-${deadPid}-abc`));
  mkdirSync(join(root, 'something-else'));
  const own = openPixelFiles(root);
  sweepPixelFiles(root);
  const left = readdirSync(root);
  expect(left).toHaveLength(3);
  expect(left).not.toContain(`quire-pixels-${namespace}-${deadPid}-abc`);
  own.close();
});
