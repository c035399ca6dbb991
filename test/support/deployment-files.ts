import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { settings } from '../../config/index.js';

/** Variables that are Quire's without being settings. */
const otherVariables = ['QUIRE_CACHE_DIR', 'QUIRE_CONFIG'];

/** The documents of a YAML file; a duplicate key, a bad anchor or a tab is an error. */
export function readYaml(file: string): unknown[] {
  return parseAllDocuments(readFileSync(file, 'utf8'), { strict: true, merge: false }).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]?.message}`);
    return document.toJS();
  });
}

/** Names that begin like settings of Quire and are none. */
export function unknownVariables(names: readonly string[]): string[] {
  const known = new Set([...settings.map((setting) => setting.env), ...otherVariables]);
  return names.filter((name) => name.startsWith('QUIRE_') && !known.has(name));
}
