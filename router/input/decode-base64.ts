import { RouterError } from '../errors.js';

/**
 * The bytes a Base64 text stands for; line breaks and the URL-safe alphabet are allowed, as most encoders differ only
 * there.
 *
 * @throws RouterError BASE64_INVALID for anything else, the empty text included. `param` names the field.
 */
export function decodeBase64(text: string, param?: string): Uint8Array {
  const compact = /\s/.test(text) ? text.replace(/\s+/g, '') : text;
  const length = compact.endsWith('==') ? compact.length - 2 : compact.length - (compact.endsWith('=') ? 1 : 0);
  const bytes = Buffer.from(compact, 'base64');
  // The decoder skips what it does not know and stops at a stray `=`: the count tells, without a second pass.
  if (length === 0 || length % 4 === 1 || bytes.length !== Math.floor((length * 3) / 4)) {
    throw new RouterError('BASE64_INVALID', `${param ?? 'The text'} is not valid Base64.`, { param });
  }
  return bytes;
}
