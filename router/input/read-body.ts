import { PoolError } from '#pool';
import { RouterError } from '../errors.js';
import type { UploadBudget } from './upload-budget.js';

export interface BodyLimits {
  readonly maxBytes: number;
  readonly budget: UploadBudget;
  readonly signal: AbortSignal;
}

/**
 * Reads a request body into memory, counting while it streams in, so that a chunked body without Content-Length is
 * held to the limit too.
 *
 * @throws RouterError BODY_TOO_LARGE, PoolError OVERLOADED, or the signal's reason.
 */
export async function readBody(request: Request, { maxBytes, budget, signal }: BodyLimits): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  if (!request.body) return new Uint8Array(0);

  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  let takenCount = 0;
  const reader = request.body.getReader();
  // Wakes a read that waits. Not for a body that is refused: cancelling cuts the connection, and a client that is
  // still sending would never see the answer; the adaptor reads on for a while and then closes.
  const stop = (): void => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) break;
      byteCount += value.byteLength;
      if (byteCount > maxBytes) throw tooLarge(maxBytes);
      budget.take(value.byteLength);
      takenCount += value.byteLength;
      chunks.push(value);
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof RouterError || error instanceof PoolError) throw error;
    throw new PoolError('CANCELLED', 'The client left while it was sending the body.', {}, { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
    // From here on the pool counts what it holds.
    budget.give(takenCount);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, byteCount);
}

function tooLarge(maxBytes: number): RouterError {
  return new RouterError(
    'BODY_TOO_LARGE',
    `The body is larger than the limit of ${maxBytes} bytes (server.maxBodyBytes).`,
  );
}
