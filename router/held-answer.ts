import type { Context } from 'hono';
import type { AppEnv } from './app-env.js';
import { isFault, toHttpFailure } from './error-response.js';
import type { Log } from './log.js';

export interface HeldAnswerOptions {
  /** Bytes that are held back before the status is sent. */
  readonly holdBytes: number;
  /** How long it is held back at most: proxies and clients give up on a status that does not come. */
  readonly holdMs: number;
  readonly log: Log;
}

const json = { 'Content-Type': 'application/json' };

/**
 * Answers 200 with JSON that is made piece by piece. Up to `holdBytes` and `holdMs` it is held back, so that what fails
 * until then is a proper failure; a longer answer flows as it is made and taken, so that a document of any length needs
 * no more memory than that. A failure then cuts the connection: the answer is never a shorter one that looks whole.
 */
export async function holdAnswer(
  c: Context<AppEnv>,
  pieces: AsyncGenerator<string, void, undefined>,
  { holdBytes, holdMs, log }: HeldAnswerOptions,
): Promise<Response> {
  const held: Buffer[] = [];
  let heldCount = 0;
  let pending: Promise<IteratorResult<string, void>> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, holdMs, 'late' as const);
  });
  try {
    while (heldCount <= holdBytes) {
      pending = pieces.next();
      const next = await Promise.race([pending, late]);
      if (next === 'late') break;
      pending = undefined;
      if (next.done) return c.body(Buffer.concat(held, heldCount), 200, json);
      const piece = Buffer.from(next.value);
      held.push(piece);
      heldCount += piece.byteLength;
    }
  } finally {
    clearTimeout(timer);
  }
  // Awaited by the stream; a failure before its first pull must not count as unhandled.
  pending?.catch(() => {});
  return c.body(flow(c, held, pieces, pending, log), 200, json);
}

function flow(
  c: Context<AppEnv>,
  held: Buffer[],
  pieces: AsyncGenerator<string, void, undefined>,
  underWay: Promise<IteratorResult<string, void>> | undefined,
  log: Log,
): ReadableStream<Uint8Array> {
  const record = c.get('record');
  const id = c.get('requestId');
  let end = (): void => {};
  record.streamEnd = new Promise((resolve) => {
    end = resolve;
  });
  let pending = underWay;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const early = held.shift();
        if (early) return controller.enqueue(early);
        try {
          const next = await (pending ?? pieces.next());
          pending = undefined;
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
