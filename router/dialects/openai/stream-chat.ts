import type { Context } from 'hono';
import type { RecognizeEvent, RecognizeResult, RecognizeRun } from '#pool';
import type { AppEnv } from '../../app-env.js';
import { isFault, toHttpFailure } from '../../error-response.js';
import type { Log } from '../../log.js';
import { type CompletionHead, type LogprobOptions, toChatChunk, toLogprobs, toUsage } from './chat-completion.js';
import { openAiErrorFormat } from './openai-error.js';

export interface StreamChatOptions extends LogprobOptions {
  readonly head: CompletionHead;
  readonly includeUsage: boolean;
  readonly log: Log;
}

/** A comment now and then keeps proxies from closing a stream that waits for its next token. */
const heartbeatMs = 15_000;
const encoder = new TextEncoder();

/**
 * Answers with the tokens of a run as OpenAI frames them: `data: {chunk}` events, then `data: [DONE]`. The status
 * waits for the first token, so that a request which cannot be served is a plain 4xx; a later failure is an event with
 * `error`. A reader that leaves ends the run.
 */
export async function streamChat(c: Context<AppEnv>, run: RecognizeRun, options: StreamChatOptions): Promise<Response> {
  const record = c.get('record');
  const requestId = c.get('requestId');
  // Awaited by the frames; must not count as unhandled if the iteration fails first.
  run.result.catch(() => {});
  const events = run[Symbol.asyncIterator]();
  const frames = framesOf(events, run.result, options, (error) => {
    const failure = toHttpFailure(error);
    record.code = failure.code;
    if (isFault(failure)) options.log.error({ id: requestId, code: failure.code, err: error }, 'stream failed');
    return openAiErrorFormat(failure, requestId);
  });
  let first: IteratorResult<string> | undefined = await frames.next();
  let end = (): void => {};
  record.streamEnd = new Promise((resolve) => {
    end = resolve;
  });

  let heartbeat: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        heartbeat = setInterval(() => {
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(': waiting\n\n'));
        }, heartbeatMs);
      },
      async pull(controller) {
        const next = first ?? (await frames.next());
        first = undefined;
        if (record.code === 'CANCELLED') return;
        if (!next.done) {
          controller.enqueue(encoder.encode(next.value));
          return;
        }
        clearInterval(heartbeat);
        controller.close();
        end();
      },
      cancel() {
        clearInterval(heartbeat);
        record.code = 'CANCELLED';
        // Of the run itself: the frames would wait for the token under way.
        void events.return?.();
        end();
      },
    },
    { highWaterMark: 1 },
  );
  return c.body(body, 200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-cache',
    // nginx would collect the events otherwise.
    'X-Accel-Buffering': 'no',
    // Said aloud, as the adaptor would wait a millisecond or two for an end whose length it could announce.
    ...(c.env?.incoming?.httpVersion === '1.1' && { 'Transfer-Encoding': 'chunked' }),
  });
}

/** Throws what fails before the first token; what fails later becomes a frame. */
async function* framesOf(
  events: AsyncIterator<RecognizeEvent>,
  answer: Promise<RecognizeResult>,
  { head, includeUsage, topLogprobs }: StreamChatOptions,
  toErrorBody: (error: unknown) => unknown,
): AsyncGenerator<string, void, undefined> {
  const usageSoFar = includeUsage ? { usage: null } : {};
  let event = await events.next();
  try {
    yield frame({ ...toChatChunk(head, { role: 'assistant', content: '' }), ...usageSoFar });
    for (; !event.done; event = await events.next()) {
      const logprobs = toLogprobs(event.value, { topLogprobs });
      if (event.value.text === '' && !logprobs?.content.length) continue;
      yield frame({ ...toChatChunk(head, { content: event.value.text }, { logprobs }), ...usageSoFar });
    }
    const result = await answer;
    yield frame({ ...toChatChunk(head, {}, { finish: result.finishReason }), ...usageSoFar });
    if (includeUsage) yield frame({ ...toChatChunk(head, {}), choices: [], usage: toUsage(result) });
  } catch (error) {
    yield frame(toErrorBody(error));
  }
  yield 'data: [DONE]\n\n';
}

function frame(body: unknown): string {
  return `data: ${JSON.stringify(body)}\n\n`;
}
