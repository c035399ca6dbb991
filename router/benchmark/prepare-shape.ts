import { BenchError } from './bench-error.js';
import { chatRequest, readChat } from './chat-request.js';
import { describeWork } from './describe-work.js';
import { makePictures } from './make-pictures.js';
import type { OpenTarget } from './open-target.js';
import type { PreparedWork, WorkOptions } from './prepared-work.js';
import type { Sample, Send } from './sample.js';
import { sendRequest } from './send-request.js';
import type { Shape } from './shape.js';
import { takeTurns } from './take-turns.js';

/** Those that find out how to ask. */
const firstRequests = 2;

/**
 * Pictures of a shape through the chat route, `requestCount` of them different if memory allows. The first request
 * tells whether the target can be made to write a fixed number of tokens; one that cannot is measured as it is.
 * Throws BenchError TARGET_REFUSES when it answers not even that.
 */
export async function prepareShape(
  shape: Shape,
  requestCount: number,
  { target, prompt, timeoutMs, signal, note }: WorkOptions,
): Promise<PreparedWork> {
  const { width, height, outputTokens } = shape;
  const pictures = await makePictures(shape, requestCount + firstRequests, signal);
  const about = { kind: 'shape', width, height, outputTokens, pictureCount: pictures.length } as const;
  const nextPicture = takeTurns(pictures);
  const chat = { model: target.about.model, prompt, maxTokens: outputTokens };
  const sendAs =
    (isFixedLength: boolean): Send =>
    (stop) =>
      sendRequest(chatRequest(nextPicture(), 'image/jpeg', { ...chat, isFixedLength }), readChat(), {
        client: target.client,
        timeoutMs,
        signal: stop,
      });
  const fixed: PreparedWork = { about, send: sendAs(true) };
  if (signal.aborted) return fixed;
  const first = await fixed.send(signal);
  if (first === null || first.failure === null) return fixed;
  if (!/^4(00|22)\b/.test(first.failure)) throw refusal(target, first);
  const plain: PreparedWork = { about, send: sendAs(false) };
  const second = await plain.send(signal);
  if (second !== null && second.failure !== null) throw refusal(target, second);
  note(
    `${describeWork(about)}: the target refuses ignore_eos (${first.failure}), so its texts end where it ends them.`,
  );
  return plain;
}

function refusal({ client }: OpenTarget, { failure }: Sample): BenchError {
  return new BenchError('TARGET_REFUSES', `${client.url} does not answer the first request: ${failure}`);
}
