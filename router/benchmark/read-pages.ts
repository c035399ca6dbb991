import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { findInputs } from '../batch/find-inputs.js';
import { BenchError } from './bench-error.js';

/** A file as it is sent. */
export interface PageFile {
  readonly bytes: Uint8Array;
  /** Null for what a chat cannot take. */
  readonly mediaType: string | null;
}

const mostPageBytes = 512 * 1024 ** 2;
const mediaTypes: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
  '.bmp': 'image/bmp',
};

/** The files of the paths, folders with their sub-folders. Throws BenchError PAGES_INVALID. */
export async function readPages(paths: readonly string[]): Promise<PageFile[]> {
  const { inputs, problems } = await findInputs(paths);
  if (problems.length > 0) {
    throw new BenchError('PAGES_INVALID', problems.map(({ label, reason }) => `${label}: ${reason}`).join('; '));
  }
  const files: PageFile[] = [];
  let byteCount = 0;
  for (const { path, label, relativePath } of inputs) {
    if (path === undefined)
      throw new BenchError('PAGES_INVALID', `${label} cannot be read again and again; name files`);
    const bytes = await readFile(path);
    byteCount += bytes.length;
    if (byteCount > mostPageBytes) {
      throw new BenchError(
        'PAGES_INVALID',
        `the files have more than ${mostPageBytes / 1024 ** 2} MB together; name fewer`,
      );
    }
    files.push({ bytes, mediaType: mediaTypes[extname(relativePath).toLowerCase()] ?? null });
  }
  return files;
}
