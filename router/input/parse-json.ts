import { isAscii } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { RouterError } from '../errors.js';
import { liftStrings } from './lift-strings.js';

/** What no body holds by chance or on purpose. */
const mark = randomUUID();

/** The value of a JSON text in UTF-8. Throws BODY_INVALID. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    const lifted = liftStrings(bytes, mark);
    if (!lifted) return JSON.parse(toText(bytes));
    return JSON.parse(toText(lifted.rest), (_, value) =>
      typeof value === 'string' && value.startsWith(mark) ? lifted.strings[Number(value.slice(mark.length))] : value,
    );
  } catch (error) {
    throw new RouterError('BODY_INVALID', 'The body is not valid JSON.', { cause: error });
  }
}

/** ASCII needs no decoding. */
function toText(bytes: Uint8Array): string {
  if (!isAscii(bytes)) return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
