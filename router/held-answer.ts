import type { Context } from 'hono';
import type { AppEnv } from './app-env.js';
import { isFault, toHttpFailure } from './error-response.js';
import type { Log } from './log.js';

export interface HeldAnswerOptions {
  /** Bytes that are held back before the status is sent. */
  readonly holdBytes: number;
  readonly log: Log;
}

/**
 * Answers 200 with JSON that is made piece by piece. Up to `holdBytes` it is held back, so that what fails until then
 * is a proper failure; a longer answer flows as it is made and taken, so that a document of any length needs no more
 * memory than that. A failure then cuts the connection: the answer is never a shorter one that looks whole.
 */
export async function holdAnswer(
  c: Context<AppEnv>,
  pieces: AsyncGenerator<string, void, undefined>,
  { holdBytes, log }: HeldAnswerOptions,
): Promise<Response> {
  const held: Buffer[] = [];
  let heldCount = 0;
  while (heldCount <= holdBytes) {
    const next = await pieces.next();
    if (next.done) return c.body(Buffer.concat(held, heldCount), 200, { 'Content-Type': 'application/json' });
    const piece = Buffer.from(next.value);
    held.push(piece);
    heldCount += piece.byteLength;
  }
  return c.body(flow(c, held, pieces, log), 200, { 'Content-Type': 'application/json' });
}

function flow(
  c: Context<AppEnv>,
  held: Buffer[],
  pieces: AsyncGenerator<string, void, undefined>,
  log: Log,
): ReadableStream<Uint8Array> {
  const record = c.get('record');
  const id = c.get('requestId');
  let end = (): void => {};
  record.streamEnd = new Promise((resolve) => {
    end = resolve;
  });
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const early = held.shift();
        if (early) return controller.enqueue(early);
        try {
          const next = await pieces.next();
          if (record.code === 'CANCELLED') return;
          if (!next.done) return controller.enqueue(Buffer.from(next.value));
          controller.close();
        } catch (error) {
          if (record.code === 'CANCELLED') return;
          const failure = toHttpFailure(error);
          record.code = failure.code;
          log[isFault(failure) ? 'error' : 'warn']({ id, code: failure.code, err: error }, 'answer cut off');
          controller.error(error);
        }
        end();
      },
      cancel() {
        record.code = 'CANCELLED';
        // Not awaited: it would wait for the piece under way.
        void pieces
          .return(undefined)
          .catch(() => {})
          .finally(end);
      },
    },
    { highWaterMark: 1 },
  );
}
