import { RouterError } from '../errors.js';

/** The value of a JSON text in UTF-8. Throws BODY_INVALID. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new RouterError('BODY_INVALID', 'The body is not valid JSON.', { cause: error });
  }
}
