import { homedir, platform } from 'node:os';
import { join, resolve } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Folder for compiled graphs: `QUIRE_CACHE_DIR` when set, else the platform's cache folder
 * (XDG on Linux and the BSDs, `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows).
 */
export function defaultCacheDir(env: Environment, system: NodeJS.Platform = platform(), home = homedir()): string {
  if (env.QUIRE_CACHE_DIR) return resolve(env.QUIRE_CACHE_DIR);
  if (system === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'quire', 'Cache');
  if (system === 'darwin') return join(home, 'Library', 'Caches', 'quire');
  // The XDG specification says that a relative path there is invalid and to be ignored.
  const xdg = env.XDG_CACHE_HOME?.startsWith('/') ? env.XDG_CACHE_HOME : join(home, '.cache');
  return join(xdg, 'quire');
}
