import { describe, expect, it } from 'vitest';
import { settings } from '../../config/index.js';

describe('settings', () => {
  it('has a sentence for each', () => {
    expect(settings.filter((setting) => !/^[A-Z].*\.$/.test(setting.sentence)).map((setting) => setting.path)).toEqual(
      [],
    );
  });

  it('spells camelCase names as words in the environment, and no two alike', () => {
    const names = settings.map((setting) => setting.env);
    expect(names).toContain('QUIRE_SERVER_MAX_BODY_BYTES');
    expect(names).toContain('QUIRE_PREPARE_PDF_DPI');
    expect(new Set(names).size).toBe(names.length);
  });

  it('tells choices, lists, numbers and switches apart', () => {
    const kind = (path: string) => settings.find((setting) => setting.path === path)?.kind;
    expect(kind('pool.policy')).toBe('choice');
    expect(kind('devices.use')).toBe('list');
    expect(kind('server.port')).toBe('number');
    expect(kind('engine.loopGuard')).toBe('boolean');
    expect(kind('server.host')).toBe('text');
  });
});
