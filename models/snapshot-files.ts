import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { ModelError } from './errors.js';

/** Text files of a snapshot are small; anything larger is not one. The published tokenizer has 11 MB. */
const maxTextBytes = 64 * 1024 * 1024;

/** A text file of a snapshot, or undefined where there is none. */
export function readSnapshotText(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  if (!existsSync(path)) return undefined;
  const { size } = statSync(path);
  if (size > maxTextBytes) throw new ModelError('MODEL_INVALID', `${path} is too large (${size} bytes)`);
  return readFileSync(path, 'utf8');
}

/** A JSON file of a snapshot, or undefined where there is none. Throws MODEL_INVALID when it is not JSON. */
export function readSnapshotJson(folder: string, name: string): unknown {
  const text = readSnapshotText(folder, name);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ModelError('MODEL_INVALID', `${join(folder, name)} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** A JSON file of a snapshot that must be there. Throws MODEL_NOT_FOUND or MODEL_INVALID. */
export function requireSnapshotJson(folder: string, name: string): unknown {
  const value = readSnapshotJson(folder, name);
  if (value === undefined) throw new ModelError('MODEL_NOT_FOUND', `${join(folder, name)} is missing`);
  return value;
}

/** Checks a parsed file against its schema. Throws MODEL_INVALID that names the file and the field. */
export function checkSnapshotFile<T>(schema: z.ZodType<T>, value: unknown, folder: string, name: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue.path.length > 0 ? `field ${issue.path.join('.')}: ` : '';
  throw new ModelError('MODEL_INVALID', `${join(folder, name)}: ${field}${issue.message}`);
}
