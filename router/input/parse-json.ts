import { isAscii } from 'node:buffer';
import { RouterError } from '../errors.js';

/** The value of a JSON text in UTF-8. Throws BODY_INVALID. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(toText(bytes));
  } catch (error) {
    throw new RouterError('BODY_INVALID', 'The body is not valid JSON.', { cause: error });
  }
}

/** A body that is a file in Base64 is megabytes of ASCII, which need no decoding. */
function toText(bytes: Uint8Array): string {
  if (!isAscii(bytes)) return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
