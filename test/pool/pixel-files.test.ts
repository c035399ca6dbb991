import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPixelFiles, sweepPixelFiles, takePixels } from '../../pool/pixel-files.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'quire-pixel-test-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('writes pixels where only this user can read them, and removes them', async () => {
  const files = openPixelFiles(root);
  const file = await files.write(Uint8Array.of(1, 2, 3));
  expect([...readFileSync(file)]).toEqual([1, 2, 3]);
  expect(statSync(file).mode & 0o077).toBe(0);
  files.close();
  expect(readdirSync(root)).toEqual([]);
});

it('has nothing left of a file once its reader took it', async () => {
  const files = openPixelFiles(root);
  const pixels = Uint8Array.from({ length: 100_000 }, (_, place) => place);
  expect(takePixels(await files.write(pixels))).toEqual(pixels);
  expect(readdirSync(root).flatMap((folder) => readdirSync(join(root, folder)))).toEqual([]);
  files.close();
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
