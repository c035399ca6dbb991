import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import { PoolError } from '#pool';
import type { AppEnv } from '../app-env.js';
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
export async function readBody(
  c: Context<AppEnv>,
  { maxBytes, budget, signal }: BodyLimits,
): Promise<Uint8Array<ArrayBufferLike>> {
  if (Number(c.req.header('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes);

  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  let takenCount = 0;
  const take = (chunk: Uint8Array): void => {
    byteCount += chunk.byteLength;
    if (byteCount > maxBytes) throw tooLarge(maxBytes);
    budget.take(chunk.byteLength);
    takenCount += chunk.byteLength;
    chunks.push(chunk);
  };
  try {
    signal.throwIfAborted();
    if (c.env?.incoming) await readIncoming(c.env.incoming, take, signal);
    else await readStream(c.req.raw.body, take, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof RouterError || error instanceof PoolError) throw error;
    throw new PoolError('CANCELLED', 'The client left while it was sending the body.', {}, { cause: error });
  } finally {
    // From here on the pool counts what it holds.
    budget.give(takenCount);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, byteCount);
}

/**
 * Straight from the socket: as web streams the chunks of a small body cost more than all that is done with it. A body
 * that is refused is left where it is, as cutting it off would cut the connection, and a client that is still sending
 * would never see the answer; the adaptor reads on for a while and then closes.
 */
function readIncoming(
  incoming: IncomingMessage,
  take: (chunk: Uint8Array) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void): void => {
      incoming.off('data', onChunk).off('end', onEnd).off('error', onError).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      if (!incoming.readableEnded) incoming.pause();
      done();
    };
    const onChunk = (chunk: Uint8Array): void => {
      try {
        take(chunk);
      } catch (error) {
        settle(() => reject(error));
      }
    };
    const onEnd = (): void => settle(resolve);
    const onError = (error: Error): void => settle(() => reject(error));
    const onClose = (): void => onError(new Error('the connection was closed'));
    const onAbort = (): void => settle(() => reject(signal.reason));
    incoming.on('data', onChunk).on('end', onEnd).on('error', onError).on('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
    if (incoming.readableEnded) onEnd();
    else if (incoming.destroyed) onClose();
  });
}

/** Of a request that came over no socket. */
async function readStream(
  body: ReadableStream<Uint8Array> | null,
  take: (chunk: Uint8Array) => void,
  signal: AbortSignal,
): Promise<void> {
  if (!body) return;
  const reader = body.getReader();
  // Wakes a read that waits.
  const stop = (): void => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      take(value);
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function tooLarge(maxBytes: number): RouterError {
  return new RouterError(
    'BODY_TOO_LARGE',
    `The body is larger than the limit of ${maxBytes} bytes (server.maxBodyBytes).`,
  );
}
