import { randomUUID } from 'node:crypto';
import {
  createTokenStream,
  cropProcessor,
  imageTokenCount,
  type PromptMessage,
  type Task,
  type TokenStream,
  taskPrompts,
  tasks,
} from '#models';
import type { GeneratedTokens } from './engine/engine.js';
import { PoolError } from './errors.js';
import { createEventChannel, type EventChannel } from './event-channel.js';
import { peekSize } from './peek-size.js';
import type { RecognizeEvent, RecognizeInput, RecognizeResult, RecognizeRun, RunOptions } from './pool.js';
import type { PoolParts, Ticket } from './pool-parts.js';
import type { PreparedPicture } from './prepare/prepare-protocol.js';
import { openRunScope, type RunScope } from './run-scope.js';
import { createStopText } from './stop-text.js';

const eventCapacity = 256;
/** Tokens decoded in one call: they become its arguments, of which there must not be any number. */
const mostTokensAtOnce = 4096;

/** Starts one chat turn: pictures to patches, the chat template, then one sequence whose tokens are told as they come. */
export function startRecognize(input: RecognizeInput, options: RunOptions, parts: PoolParts): RecognizeRun {
  const scope = openRunScope(options);
  const events = createEventChannel<RecognizeEvent>(eventCapacity, () => scope.abort(parts.cancelled()));
  const result = recognize(input, options, parts, scope, events);
  result.then(
    () => events.end(),
    (error: unknown) => events.fail(error),
  );
  return { result, [Symbol.asyncIterator]: () => events[Symbol.asyncIterator]() };
}

async function recognize(
  input: RecognizeInput,
  options: RunOptions,
  parts: PoolParts,
  scope: RunScope,
  events: EventChannel<RecognizeEvent>,
): Promise<RecognizeResult> {
  const startedAt = performance.now();
  const flow = randomUUID();
  const files = input.messages.flatMap(({ content }) =>
    content.flatMap((part) => (part.type === 'image' ? [part.bytes] : [])),
  );
  const kind = taskOf(input);
  const ticket = enter(input, { files, kind }, options, parts, scope);
  try {
    await scope.race(parts.opened);
    ticket.startPage();
    const pixels = pixelsOf(input);
    const prepare = parts.prepareFor({ flow, priority: options.priority ?? 'interactive', signal: scope.signal });
    const pictures = await scope.race(
      Promise.all(
        files.map(async (bytes) => {
          const picture = await prepare.preparePicture({ bytes, task: kind, pixels });
          ticket.finishPrepare(picture.prepareMs);
          return picture;
        }),
      ),
    );
    const prepareMs = performance.now() - startedAt;
    const prompt = renderPrompt(input, pictures, parts);
    const maxTokens = limitTokens(input, prompt.tokenIds.length, parts);
    const size = { kind, imageTokenCount: prompt.imageTokenCount, promptTokenCount: prompt.tokenIds.length, maxTokens };
    ticket.setWork({ pageCount: files.length, deviceCost: parts.costModel.cropCost(size) });
    const answer = createAnswer(input, parts, scope, events);
    // Tokens that nobody reads one by one need not cross one by one either.
    const isFollowed = input.isStreamed !== false || (input.stop?.length ?? 0) > 0;
    const submitted = parts.dispatcher.submit({
      flow,
      priority: options.priority ?? 'interactive',
      kind,
      promptIds: prompt.tokenIds,
      images: pictures.map(({ patches }) => patches),
      imageTokenCount: prompt.imageTokenCount,
      maxTokens,
      ...(input.ignoresStop && { ignoresStop: true }),
      ...(isFollowed && { onTokens: answer.take }),
    });
    const crop = await scope.race(Promise.race([submitted, answer.stopped]));
    if (crop && !crop.ok) {
      throw new PoolError(crop.failure.code as never, crop.failure.message, crop.failure.detail);
    }
    if (crop && !isFollowed) answer.take(crop.reading);
    answer.end();
    await answer.written();
    const totalMs = performance.now() - startedAt;
    const timings = crop ? crop.reading.timings : { ...zeroCrop, imageTokenCount: prompt.imageTokenCount };
    return {
      ...answer.result(),
      get tokenTexts() {
        return answer.tokenTexts();
      },
      finishReason: crop ? crop.reading.finishReason : 'stop',
      promptTokenCount: prompt.tokenIds.length,
      timings: { ...timings, prepareMs, totalMs, outputTokenCount: answer.result().outputTokenCount },
    };
  } catch (error) {
    scope.abort(error);
    throw error;
  } finally {
    scope.close();
    parts.dispatcher.cancelFlow(flow);
    ticket.endPage();
    ticket.leave();
  }
}

/** A place in the system. What a turn will cost is told by the headers of its pictures, where they have one. */
function enter(
  input: RecognizeInput,
  { files, kind }: { readonly files: readonly Uint8Array[]; readonly kind: Task },
  options: RunOptions,
  parts: PoolParts,
  scope: RunScope,
): Ticket {
  try {
    const { costModel, model, config } = parts;
    const limits = cropProcessor(model.imageProcessor, kind, pixelsOf(input));
    const counts = files.map((bytes) => {
      const size = peekSize(bytes);
      return size && imageTokenCount(size, limits);
    });
    const tokenCount = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
    const maxTokens = Math.min(input.maxTokens ?? config.engine.maxTokens, config.engine.maxTokens);
    const size = { kind, imageTokenCount: tokenCount, promptTokenCount: tokenCount, maxTokens };
    const work = counts.includes(null) ? null : { pageCount: files.length, deviceCost: costModel.cropCost(size) };
    const bytes = files.reduce((sum, { length }) => sum + length, 0);
    return parts.enter({ ...options, bytes, pageKind: 'picture', work }, scope);
  } catch (error) {
    scope.close();
    throw error;
  }
}

function pixelsOf({ minPixels, maxPixels }: RecognizeInput) {
  return { minPixels, maxPixels };
}

const zeroCrop = {
  prepareMs: 0,
  detectMs: 0,
  queueMs: 0,
  visionMs: 0,
  prefillMs: 0,
  decodeMs: 0,
  totalMs: 0,
  cropCount: 1,
  imageTokenCount: 0,
  outputTokenCount: 0,
};

/** The text so far, as events; a stop text ends it, and is not part of it. */
function createAnswer(
  { stop = [], skipSpecialTokens = true }: RecognizeInput,
  { tokenizer: { tokenizer } }: PoolParts,
  scope: RunScope,
  events: EventChannel<RecognizeEvent>,
) {
  const stream: TokenStream = createTokenStream(tokenizer, { skipSpecialTokens });
  const stopText = createStopText(stop);
  const tokenIds: number[] = [];
  const logprobs: number[] = [];
  const waiting: { tokenIds: number[]; logprobs: number[] } = { tokenIds: [], logprobs: [] };
  const textOfToken = (id: number): string => tokenizer.decode([id], { skipSpecialTokens: false });
  let text = '';
  let isOver = false;
  let writing: Promise<void> = Promise.resolve();
  let stopNow = (_: null): void => {};
  const stopped = new Promise<null>((resolve) => {
    stopNow = resolve;
  });

  const tell = (piece: string): void => {
    text += piece;
    if (piece === '' && waiting.tokenIds.length === 0) return;
    const ids = waiting.tokenIds.splice(0);
    const event: RecognizeEvent = {
      type: 'delta',
      text: piece,
      tokenIds: ids,
      // Hardly anybody asks, and it takes longer than all the rest.
      get tokenTexts() {
        return ids.map(textOfToken);
      },
      logprobs: waiting.logprobs.splice(0),
    };
    writing = writing.then(() => scope.race(events.write(event)));
    writing.catch(() => {});
  };
  return {
    stopped,
    take(tokens: GeneratedTokens): void {
      // Token by token where a text may stop the answer, so that what follows it is not counted.
      const portion = stop.length > 0 ? 1 : mostTokensAtOnce;
      let told = '';
      for (let start = 0; start < tokens.tokenIds.length && !isOver; start += portion) {
        const ids = tokens.tokenIds.slice(start, start + portion);
        const chances = tokens.logprobs.slice(start, start + portion);
        for (const list of [tokenIds, waiting.tokenIds]) list.push(...ids);
        for (const list of [logprobs, waiting.logprobs]) list.push(...chances);
        const { piece, isStopped } = stopText.push(stream.push(ids));
        told += piece;
        isOver = isStopped;
      }
      tell(told);
      if (isOver) stopNow(null);
    },
    end(): void {
      if (isOver) return;
      isOver = true;
      const { piece, isStopped } = stopText.push(stream.end());
      tell(isStopped ? piece : piece + stopText.end());
    },
    written: () => writing,
    result: () => ({ text, tokenIds, logprobs, outputTokenCount: tokenIds.length }),
    tokenTexts: () => tokenIds.map(textOfToken),
  };
}

/** The task whose words the prompt uses: it chooses pixel limits and the room of the loop guard. */
function taskOf({ messages }: RecognizeInput): Task {
  const words = messages.flatMap(({ content }) =>
    content.flatMap((part) => (part.type === 'text' ? [part.text.trim()] : [])),
  );
  return tasks.find((task) => words.includes(taskPrompts[task])) ?? 'ocr';
}

function renderPrompt(
  { messages }: RecognizeInput,
  pictures: readonly PreparedPicture[],
  { tokenizer, model }: PoolParts,
) {
  const cellPatches = model.reader.vision.mergeSize ** 2;
  const counts = pictures.map(({ patches }) => (patches.gridHeight * patches.gridWidth) / cellPatches);
  const remaining = [...counts];
  const counted = messages.map(
    ({ role, content }): PromptMessage => ({
      role,
      content: content.map((part) =>
        part.type === 'text' ? part : { type: 'image', tokenCount: remaining.shift() as number },
      ),
    }),
  );
  const { tokenIds } = tokenizer.promptTemplate.render(counted);
  return { tokenIds, imageTokenCount: counts.reduce((sum, count) => sum + count, 0) };
}

/** Tokens that may be generated. Throws CROP_TOO_LONG where the prompt leaves no room for one. */
function limitTokens({ maxTokens }: RecognizeInput, promptLength: number, { config, model }: PoolParts): number {
  const most = Math.min(config.engine.maxSequenceLength, model.reader.text.maxPositions);
  const room = most - promptLength;
  if (room < 1) {
    throw new PoolError('CROP_TOO_LONG', `The prompt has ${promptLength} tokens; ${most - 1} are allowed.`, {
      promptLength,
      limit: most - 1,
    });
  }
  return Math.min(room, maxTokens ?? config.engine.maxTokens, config.engine.maxTokens);
}
