import { randomUUID } from 'node:crypto';
import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a result so that a reader sees all of it or nothing. Returns false, and leaves the file alone, when one is
 * there already and may not be replaced.
 */
export async function writeResult(path: string, text: string, mayReplace: boolean): Promise<boolean> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const draft = join(folder, `.${basename(path)}.${randomUUID().slice(0, 8)}.part`);
  try {
    await writeFile(draft, text, { flag: 'wx' });
    if (mayReplace) {
      await rename(draft, path);
      return true;
    }
    // Unlike a rename, a link fails when the name is taken.
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
