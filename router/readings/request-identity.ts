import { createHash } from 'node:crypto';
import type { HonoRequest } from 'hono';
import { RouterError } from '../errors.js';

/** Whose request it is: a digest of the key it came with, so that the key itself is kept nowhere. */
export function ownerOf(request: HonoRequest): string {
  return createHash('sha256')
    .update(request.header('authorization') ?? '')
    .digest('base64');
}

/** What a request asks for, however its answer is to look: the same for the same file and options. */
export function fingerprintOf(bytes: Uint8Array, options: object): string {
  return createHash('sha256').update(JSON.stringify(options)).update('\n').update(bytes).digest('base64');
}

/** The `Idempotency-Key` of a request. Throws REQUEST_INVALID for one that could not be told in a log. */
export function idempotencyKeyOf(request: HonoRequest): string | undefined {
  const key = request.header('idempotency-key');
  if (key === undefined) return undefined;
  if (!/^[\x21-\x7e]([\x20-\x7e]{0,253}[\x21-\x7e])?$/.test(key)) {
    throw new RouterError('REQUEST_INVALID', 'Idempotency-Key: send 1 to 255 printable ASCII characters.');
  }
  return key;
}

/** Whether the answer may come later (`Prefer: respond-async`, RFC 7240). */
export function prefersAsync(request: HonoRequest): boolean {
  const preferences = (request.header('prefer') ?? '').split(',').map((item) => item.split(';', 1)[0].trim());
  return preferences.some((name) => name.toLowerCase() === 'respond-async');
}
