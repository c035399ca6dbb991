import type { Context } from 'hono';
import type { EngineLine } from '#pool';
import type { AppEnv } from './app-env.js';
import { isFault, toHttpFailure } from './error-response.js';
import type { Log } from './log.js';

const encoder = new TextEncoder();

/**
 * Answers with the lines of a crop as they come. What fails after the first is the last line. `leave` is called when
 * the reader has left: the crop must end.
 */
export function streamCrop(
  c: Context<AppEnv>,
  first: EngineLine,
  lines: AsyncGenerator<EngineLine>,
  { log, leave }: { readonly log: Log; readonly leave: () => void },
): Response {
  const record = c.get('record');
  const id = c.get('requestId');
  let end = (): void => {};
  record.streamEnd = new Promise((resolve) => {
    end = resolve;
  });
  const failureLine = (error: unknown): EngineLine => {
    const failure = toHttpFailure(error);
    record.code = failure.code;
    if (isFault(failure)) log.error({ id, code: failure.code, err: error }, 'stream failed');
    return { type: 'error', error: { code: failure.code, message: failure.message } };
  };
  let pending: EngineLine | null = first;

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const send = (line: EngineLine): void => controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
        const close = (): void => {
          controller.close();
          end();
        };
        try {
          const next: IteratorResult<EngineLine> = pending ? { value: pending } : await lines.next();
          pending = null;
          if (next.done) return close();
          if (next.value.type === 'error') record.code = next.value.error.code;
          send(next.value);
        } catch (error) {
          // A reader that left has closed the controller already.
          if (record.code === 'CANCELLED') return;
          send(failureLine(error));
          close();
        }
      },
      async cancel() {
        record.code = 'CANCELLED';
        leave();
        end();
        // Never begun again otherwise, where no line was being waited for.
        await lines.return(undefined).catch(() => {});
      },
    },
    { highWaterMark: 1 },
  );
  return c.body(body, 200, {
    'Content-Type': 'application/x-ndjson',
    'Cache-Control': 'no-cache',
    // nginx would collect the lines otherwise.
    'X-Accel-Buffering': 'no',
  });
}
