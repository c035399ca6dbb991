import { RouterError } from '../errors.js';

/**
 * The bytes a Base64 text stands for; line breaks and the URL-safe alphabet are allowed, as most encoders differ only
 * there.
 *
 * @throws RouterError BASE64_INVALID for anything else, the empty text included. `param` names the field.
 */
export function decodeBase64(text: string, param?: string): Uint8Array {
  // Megabytes are not searched for line breaks unless something is amiss: the decoder skips them.
  const bytes = decodeCompact(text) ?? decodeCompact(text.replace(/\s+/g, ''));
  if (!bytes) throw new RouterError('BASE64_INVALID', `${param ?? 'The text'} is not valid Base64.`, { param });
  return bytes;
}

/** Null unless every character counts: the decoder skips what it does not know and stops at a stray `=`. */
function decodeCompact(text: string): Buffer | null {
  const length = text.endsWith('==') ? text.length - 2 : text.length - (text.endsWith('=') ? 1 : 0);
  const bytes = Buffer.from(text, 'base64');
  return length === 0 || length % 4 === 1 || bytes.length !== Math.floor((length * 3) / 4) ? null : bytes;
}
