import type { Config } from './schema.js';
import { settings } from './setting.js';

/** The settings as they may be logged: each secret shows only whether it is there and how many it holds. */
export function redactConfig(config: Config): Record<string, Record<string, unknown>> {
  const shown: Record<string, Record<string, unknown>> = {};
  for (const setting of settings) {
    const value = (config as unknown as Record<string, Record<string, unknown>>)[setting.section][setting.name];
    shown[setting.section] = {
      ...shown[setting.section],
      [setting.name]: setting.isSecret ? redact(value) : value,
    };
  }
  return shown;
}

function redact(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[none]' : `[${value.length} redacted]`;
  return value ? '[redacted]' : '[none]';
}
