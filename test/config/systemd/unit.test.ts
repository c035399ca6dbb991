import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../config/schema.js';
import { unknownVariables } from '../../support/deployment-files.js';

const text = readFileSync('config/systemd/quire.service', 'utf8');
const hasAnalyze = spawnSync('systemd-analyze', ['--version']).error === undefined;
if (!hasAnalyze) console.warn('skipped: systemd-analyze is not installed, so the unit is checked by structure only');

/** Runs systemd-analyze over the unit; the program is one that every machine has, all else is as shipped. */
function analyze(...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'quire-unit-'));
  const file = join(folder, 'quire.service');
  writeFileSync(file, text.replace('ExecStart=/usr/bin/node ', 'ExecStart=/usr/bin/env '));
  const result = spawnSync('systemd-analyze', [...args, file], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return result;
}

describe('the systemd unit', () => {
  it.skipIf(!hasAnalyze)('is understood by systemd without a warning', () => {
    const { status, stderr } = analyze('verify');
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it.skipIf(!hasAnalyze)('exposes little', () => {
    const { stdout } = analyze('security', '--offline=yes', '--no-pager');
    const exposure = Number(/Overall exposure level for quire.service: ([\d.]+)/.exec(stdout)?.[1]);
    expect(exposure).toBeLessThan(3);
  });

  it('lets Quire drain, then ends its processes', () => {
    const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1]);
    expect(seconds * 1000).toBeGreaterThan(configSchema.parse({}).server.drainMs);
    expect(text).toMatch(/^KillMode=mixed$/m);
  });

  it('sets only variables that Quire knows', () => {
    expect(unknownVariables([...text.matchAll(/\b(QUIRE_\w+)=/g)].map(([, name = '']) => name))).toEqual([]);
  });

  it('allows code made at run time, which JavaScript and CUDA need', () => {
    expect(text).not.toMatch(/^MemoryDenyWriteExecute=/m);
    expect(text).not.toMatch(/^PrivateDevices=/m);
  });
});
