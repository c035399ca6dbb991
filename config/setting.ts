import type { z } from 'zod';
import { configSchema } from './schema.js';

/** What kind of value a setting takes, as far as reading it from text needs to know. */
export type SettingKind = 'text' | 'number' | 'boolean' | 'choice' | 'list';

/** One leaf of the schema, as the loader, the example file and the README see it. */
export interface Setting {
  /** Dotted path in the YAML file: `server.maxBodyBytes`. */
  readonly path: string;
  readonly section: string;
  readonly name: string;
  /** Environment variable: `QUIRE_SERVER_MAX_BODY_BYTES`. */
  readonly env: string;
  readonly kind: SettingKind;
  readonly choices: readonly string[];
  readonly defaultValue: unknown;
  readonly sentence: string;
  /** Never shown in logs. */
  readonly isSecret: boolean;
}

/** Every setting in the order of the schema. */
export const settings: readonly Setting[] = Object.entries(configSchema.shape).flatMap(([section, schema]) =>
  Object.entries(schema.unwrap().shape as Record<string, z.ZodDefault>).map(([name, leaf]) =>
    toSetting(section, name, leaf),
  ),
);

function toSetting(section: string, name: string, leaf: z.ZodDefault): Setting {
  const meta = leaf.meta();
  const value = leaf.unwrap() as z.ZodType & { options?: readonly string[] };
  return {
    path: `${section}.${name}`,
    section,
    name,
    env: envName(section, name),
    kind: kindOf(value),
    choices: value.def.type === 'enum' ? (value.options ?? []) : [],
    defaultValue: leaf.def.defaultValue,
    sentence: meta?.description ?? '',
    isSecret: meta?.secret === true,
  };
}

function envName(section: string, name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => `_${letter}`);
  return `QUIRE_${section}_${words}`.toUpperCase();
}

function kindOf(value: z.ZodType): SettingKind {
  switch (value.def.type) {
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      return 'list';
    case 'enum':
      return 'choice';
    default:
      return 'text';
  }
}
