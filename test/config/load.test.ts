import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, redactConfig, settings } from '../../config/index.js';

function yaml(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'quire-config-')), 'quire.yaml');
  writeFileSync(file, text);
  return file;
}

function problemsOf(sources: Parameters<typeof loadConfig>[0]): readonly string[] {
  try {
    loadConfig(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  throw new Error('the settings were accepted');
}

describe('loadConfig', () => {
  it('has every default without any source', () => {
    const config = loadConfig();
    expect(config.server).toMatchObject({ host: '127.0.0.1', port: 6006, apiKeys: [] });
    expect(config.model.cacheDir).not.toBe('');
  });

  it('lets the environment win over the file and the flags over both', () => {
    const file = yaml('server:\n  port: 1001\n  host: file.example\n  drainMs: 5\n');
    const config = loadConfig({
      file,
      env: { QUIRE_SERVER_PORT: '1002', QUIRE_SERVER_HOST: 'env.example', PORT: '9' },
      flags: { 'server.port': '1003', 'server.drainMs': undefined },
    });
    expect(config.server).toMatchObject({ port: 1003, host: 'env.example', drainMs: 5 });
  });

  it('reads numbers, switches, choices and lists from text', () => {
    const { server, url, log, devices } = loadConfig({
      env: {
        QUIRE_SERVER_MAX_BODY_BYTES: '2048',
        QUIRE_SERVER_API_KEYS: 'first-key, second-key',
        QUIRE_URL_ALLOW_PRIVATE: 'yes',
        QUIRE_LOG_LEVEL: 'warn',
        QUIRE_DEVICES_USE: 'cpu,cuda:0',
      },
    });
    expect(server).toMatchObject({ maxBodyBytes: 2048, apiKeys: ['first-key', 'second-key'] });
    expect(url.allowPrivate).toBe(true);
    expect(log.level).toBe('warn');
    expect(devices.use).toEqual(['cpu', 'cuda:0']);
  });

  it('lists every bad setting at once, each with its value and where it was written', () => {
    const file = yaml('server:\n  port: 70000\n  prot: 1\nsrever: {}\npool:\n  maxDocuments: many\n');
    const lines = problemsOf({ file, env: { QUIRE_SERVER_HOTS: 'x', QUIRE_LOG_LEVEL: 'loud' } });
    const line = (start: string) => lines.find((text) => text.startsWith(start)) ?? lines.join('\n');
    expect(lines).toHaveLength(6);
    expect(line('server.port:')).toMatch(/65535, not 70000 \(from .*quire\.yaml\)$/);
    expect(line('server.prot:')).toContain('did you mean server.port?');
    expect(line('srever:')).toContain('did you mean server?');
    expect(line('pool.maxDocuments:')).toContain('not "many"');
    expect(line('QUIRE_SERVER_HOTS:')).toContain('did you mean QUIRE_SERVER_HOST?');
    expect(line('log.level:')).toMatch(/not "loud" \(from QUIRE_LOG_LEVEL\)$/);
  });

  it('finds the right section of a name written in the wrong one', () => {
    expect(problemsOf({ file: yaml('server:\n  pdfDpi: 200\n') })[0]).toContain('did you mean prepare.pdfDpi?');
  });

  it('never shows a secret in a message', () => {
    const [line] = problemsOf({ env: { QUIRE_SERVER_API_KEYS: 'hunter2' } });
    expect(line).toContain('server.apiKeys.0');
    expect(line).not.toContain('hunter2');
  });

  it.each([
    ['broken YAML', 'server: [1', 'is not valid YAML'],
    ['a list', '- 1\n', 'must hold sections'],
    ['a key given twice', 'server:\n  port: 1\n  port: 2\n', 'is not valid YAML'],
  ])('refuses a file that is %s', (_, text, reason) => {
    expect(problemsOf({ file: yaml(text) })[0]).toContain(reason);
  });

  it('names a file that does not exist', () => {
    expect(problemsOf({ file: '/nowhere/quire.yaml' })[0]).toBe('/nowhere/quire.yaml: cannot be read: ENOENT');
  });

  it('takes an empty file and empty sections as all defaults', () => {
    expect(loadConfig({ file: yaml('') })).toEqual(loadConfig());
    expect(loadConfig({ file: yaml('server:\nlog:\n') })).toEqual(loadConfig());
  });

  it('does not trip over the variables Kubernetes makes for a service called quire', () => {
    const env = { QUIRE_SERVICE_HOST: '10.0.0.1', QUIRE_PORT: 'tcp://10.0.0.1:6006', QUIRE_PORT_6006_TCP_PORT: '6006' };
    expect(loadConfig({ env })).toEqual(loadConfig());
  });

  it('freezes the settings all the way down', () => {
    const config = loadConfig();
    expect(() => (config.server.apiKeys as string[]).push('late')).toThrow(TypeError);
    expect(() => Object.assign(config.server, { port: 1 })).toThrow(TypeError);
  });

  it('treats a flag that no setting has as a mistake of the program', () => {
    expect(() => loadConfig({ flags: { 'server.nope': '1' } })).toThrow(TypeError);
  });
});

describe('redactConfig', () => {
  it('hides every secret and shows everything else', () => {
    const config = loadConfig({ env: { QUIRE_SERVER_API_KEYS: 'correct-horse,battery-staple' } });
    const shown = redactConfig(config);
    expect(JSON.stringify(shown)).not.toMatch(/horse|staple/);
    expect(shown.server).toMatchObject({ apiKeys: '[2 redacted]', adminKeys: '[none]', port: 6006 });
  });

  it('covers every setting whose name sounds like a secret', () => {
    const sounding = settings.filter((setting) => /key|token$|secret|password|credential/i.test(setting.name));
    expect(sounding.map((setting) => setting.path)).toContain('server.apiKeys');
    expect(sounding.filter((setting) => !setting.isSecret)).toEqual([]);
  });
});
