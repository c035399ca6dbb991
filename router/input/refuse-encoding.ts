import type { HonoRequest } from 'hono';
import { RouterError } from '../errors.js';

/** Bodies come as they are: unpacking one could make a gigabyte of a megabyte. Throws MEDIA_TYPE_UNSUPPORTED. */
export function refuseEncoding(request: HonoRequest): void {
  const encoding = request.header('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() === 'identity') return;
  throw new RouterError(
    'MEDIA_TYPE_UNSUPPORTED',
    'Send the body without a Content-Encoding; pictures are compressed already.',
  );
}
