import type { Context } from 'hono';
import type { DocumentEvent, DocumentRun } from '#pool';
import type { AppEnv } from './app-env.js';
import type { ParseEventBody } from './contract/parse-response.js';
import { countFailedBlocks, toParseEvent } from './document-body.js';
import { isFault, toHttpFailure } from './error-response.js';
import type { Log } from './log.js';

type StreamType = 'application/x-ndjson' | 'text/event-stream';

/** A comment now and then keeps proxies from closing a quiet stream. */
const heartbeatMs = 15_000;
const encoder = new TextEncoder();

/**
 * Answers with the events of a run as they happen. The status waits for the first page, so that a file which cannot
 * be read is a plain 4xx; what fails later is the last event. A reader that is slow slows its own document: an event
 * is taken from the run only when the connection has room.
 */
export async function streamDocument(
  c: Context<AppEnv>,
  run: DocumentRun,
  type: StreamType,
  log: Log,
): Promise<Response> {
  const record = c.get('record');
  const id = c.get('requestId');
  const { promise: streamEnd, resolve: end } = openSettlement();
  const events = run[Symbol.asyncIterator]();
  // Awaited below; must not count as unhandled if the iteration fails first.
  run.result.catch(() => {});
  const pending = [await events.next()];
  // What kind of file it is, its header tells; whether it can be read, its first page.
  if (!pending[0].done) pending.push(await events.next());
  record.streamEnd = streamEnd;

  const finalEvent = async (): Promise<ParseEventBody> => {
    const document = await run.result;
    record.cropCount = document.timings.cropCount;
    return { type: 'done', markdown: document.markdown, failedBlockCount: countFailedBlocks(document.pages) };
  };
  const failureEvent = (error: unknown): ParseEventBody => {
    const failure = toHttpFailure(error);
    record.code = failure.code;
    if (isFault(failure)) log.error({ id, code: failure.code, err: error }, 'stream failed');
    return { type: 'error', error: { code: failure.code, message: failure.message, requestId: id } };
  };
  const count = (event: DocumentEvent): DocumentEvent => {
    if (event.type === 'page-done') record.pageCount++;
    return event;
  };

  let heartbeat: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (type !== 'text/event-stream') return;
        heartbeat = setInterval(() => {
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(': waiting\n\n'));
        }, heartbeatMs);
      },
      async pull(controller) {
        const send = (event: ParseEventBody): void => controller.enqueue(encoder.encode(frame(event, type)));
        const close = (event: ParseEventBody): void => {
          clearInterval(heartbeat);
          send(event);
          controller.close();
          end();
        };
        try {
          const next = pending.shift() ?? (await events.next());
          if (next.done) close(await finalEvent());
          else send(toParseEvent(count(next.value)));
        } catch (error) {
          // A reader that left has closed the controller already.
          if (record.code !== 'CANCELLED') close(failureEvent(error));
        }
      },
      async cancel() {
        clearInterval(heartbeat);
        record.code = 'CANCELLED';
        await events.return?.();
        end();
      },
    },
    { highWaterMark: 1 },
  );
  return c.body(body, 200, {
    'Content-Type': type === 'text/event-stream' ? 'text/event-stream; charset=utf-8' : type,
    'Cache-Control': 'no-cache',
    Vary: 'Accept',
    // nginx would collect the events otherwise.
    'X-Accel-Buffering': 'no',
  });
}

function frame(event: ParseEventBody, type: StreamType): string {
  const text = JSON.stringify(event);
  return type === 'text/event-stream' ? `event: ${event.type}\ndata: ${text}\n\n` : `${text}\n`;
}

function openSettlement(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
