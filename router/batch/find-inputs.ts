import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';

/** Something to read: a file, or standard input where `path` is absent. */
export interface BatchInput {
  /** As the user knows it, for messages. */
  readonly label: string;
  readonly path?: string;
  /** Place below the output folder: the file's name, with the sub-folders of a folder that was given. */
  readonly relativePath: string;
}

export interface FoundInputs {
  readonly inputs: readonly BatchInput[];
  /** Arguments that name nothing readable, with the reason. */
  readonly problems: readonly { readonly label: string; readonly reason: string }[];
  /** Whether a folder was given, which makes even one file a batch. */
  readonly hasFolder: boolean;
}

/** Kinds taken from folders; a file that is named outright is read whatever its name. */
const knownKinds = new Set(['.png', '.jpg', '.jpeg', '.webp', '.gif', '.bmp', '.tif', '.tiff', '.avif', '.pdf']);

/**
 * Files, folders (with sub-folders, known kinds only, hidden ones left out) and `-`, in the order given and by name
 * within folders. Links to folders are not followed, so that a circle of them ends.
 */
export async function findInputs(paths: readonly string[]): Promise<FoundInputs> {
  const inputs: BatchInput[] = [];
  const problems: { label: string; reason: string }[] = [];
  let hasFolder = false;
  for (const path of new Set(paths)) {
    if (path === '-') {
      inputs.push({ label: 'standard input', relativePath: 'stdin' });
      continue;
    }
    try {
      if ((await stat(path)).isDirectory()) {
        hasFolder = true;
        const found = await filesBelow(path, '');
        if (found.length === 0) problems.push({ label: path, reason: 'the folder holds no images or PDFs' });
        inputs.push(...found);
      } else {
        inputs.push({ label: path, path, relativePath: basename(path) });
      }
    } catch (error) {
      problems.push({ label: path, reason: describeFileError(error) });
    }
  }
  return { inputs, problems, hasFolder };
}

/** A file-system error as people say it. */
export function describeFileError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file or folder';
    case 'EACCES':
    case 'EPERM':
      return 'not permitted';
    case 'ENOSPC':
      return 'the disk is full';
    default:
      return message;
  }
}

async function filesBelow(root: string, below: string): Promise<BatchInput[]> {
  const entries = await readdir(join(root, below), { withFileTypes: true });
  entries.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  const found: BatchInput[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const relativePath = join(below, entry.name);
    const path = join(root, relativePath);
    if (entry.isDirectory()) found.push(...(await filesBelow(root, relativePath)));
    else if (knownKinds.has(extname(entry.name).toLowerCase())) found.push({ label: path, path, relativePath });
  }
  return found;
}
