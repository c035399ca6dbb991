import type { Setting } from './setting.js';

/**
 * A setting's value written as text (environment, command line) as the value the schema checks.
 * Text that does not fit comes back unchanged, so that the schema's own message names it.
 */
export function readTextValue(setting: Setting, text: string): unknown {
  const trimmed = text.trim();
  switch (setting.kind) {
    case 'number':
      return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : text;
    case 'boolean':
      if (/^(true|yes|on|1)$/i.test(trimmed)) return true;
      return /^(false|no|off|0)$/i.test(trimmed) ? false : text;
    case 'list':
      return trimmed === '' ? [] : trimmed.split(',').map((item) => item.trim());
    case 'choice':
      return trimmed;
    case 'text':
      return text;
  }
}
