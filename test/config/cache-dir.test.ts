import { describe, expect, it } from 'vitest';
import { defaultCacheDir, loadConfig } from '../../config/index.js';

describe('defaultCacheDir', () => {
  it('follows the custom of each platform', () => {
    expect(defaultCacheDir({}, 'linux', '/home/a')).toBe('/home/a/.cache/quire');
    expect(defaultCacheDir({ XDG_CACHE_HOME: '/var/c' }, 'linux', '/home/a')).toBe('/var/c/quire');
    expect(defaultCacheDir({ XDG_CACHE_HOME: 'relative' }, 'linux', '/home/a')).toBe('/home/a/.cache/quire');
    expect(defaultCacheDir({}, 'darwin', '/Users/a')).toBe('/Users/a/Library/Caches/quire');
    expect(defaultCacheDir({ LOCALAPPDATA: '/L' }, 'win32', '/a')).toContain('quire');
  });

  it('gives way to QUIRE_CACHE_DIR, and that to the setting', () => {
    expect(loadConfig({ env: { QUIRE_CACHE_DIR: '/c' } }).model.cacheDir).toBe('/c');
    expect(loadConfig({ env: { QUIRE_CACHE_DIR: '/c', QUIRE_MODEL_CACHE_DIR: '/d' } }).model.cacheDir).toBe('/d');
  });
});
