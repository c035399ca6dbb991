import type { RecognizeInput, RecognizeMessage } from '#pool';
import { RouterError } from '../../errors.js';
import type { ChatMessage, ChatRequest } from './chat-request.js';
import { type Fetcher, readImageUrl } from './read-image-url.js';

/** Pictures of one request at most: each costs at least a hundred prompt tokens. */
const maxImages = 64;

export interface TranslateOptions {
  readonly fetch: Fetcher;
  /** Bytes of all pictures of a request together. */
  readonly maxImageBytes: number;
  /** Output tokens the engine allows; larger wishes are cut to it. */
  readonly maxTokens: number;
}

/**
 * A chat request as the pool takes it, its pictures loaded one after the other.
 *
 * @throws RouterError REQUEST_INVALID without any picture or with too many, URL_TOO_LARGE, and what reading them throws.
 */
export async function toRecognizeInput(request: ChatRequest, options: TranslateOptions): Promise<RecognizeInput> {
  checkImageCount(request.messages);
  const messages: RecognizeMessage[] = [];
  let leftBytes = options.maxImageBytes;
  for (const [place, message] of request.messages.entries()) {
    const content: RecognizeMessage['content'][number][] = [];
    for (const [index, part] of partsOf(message).entries()) {
      if (part.type === 'text') {
        content.push(part);
        continue;
      }
      const url = typeof part.image_url === 'string' ? part.image_url : part.image_url.url;
      const bytes = await readImageUrl(url, `messages.${place}.content.${index}.image_url.url`, options.fetch);
      leftBytes -= bytes.byteLength;
      if (leftBytes < 0) {
        throw new RouterError('URL_TOO_LARGE', `The pictures together are larger than ${options.maxImageBytes} bytes.`);
      }
      content.push({ type: 'image', bytes });
    }
    messages.push({ role: message.role === 'developer' ? 'system' : message.role, content });
  }
  const wanted = request.max_completion_tokens ?? request.max_tokens ?? options.maxTokens;
  const { min_pixels, max_pixels } = request.mm_processor_kwargs ?? {};
  return {
    messages,
    maxTokens: Math.min(wanted, options.maxTokens),
    ...(request.stop ? { stop: [request.stop].flat() } : {}),
    ...(request.ignore_eos ? { ignoresStop: true } : {}),
    skipSpecialTokens: request.skip_special_tokens ?? true,
    ...(min_pixels ? { minPixels: min_pixels } : {}),
    ...(max_pixels ? { maxPixels: max_pixels } : {}),
  };
}

function checkImageCount(messages: readonly ChatMessage[]): void {
  const count = messages.flatMap(partsOf).filter(({ type }) => type === 'image_url').length;
  if (count === 0) {
    throw new RouterError('REQUEST_INVALID', 'The model reads pictures: add a content part of type "image_url".', {
      param: 'messages',
    });
  }
  if (count > maxImages) {
    throw new RouterError('REQUEST_INVALID', `A request may hold ${maxImages} pictures, not ${count}.`, {
      param: 'messages',
    });
  }
}

function partsOf({ content }: ChatMessage) {
  if (typeof content !== 'string') return content ?? [];
  return content === '' ? [] : [{ type: 'text' as const, text: content }];
}
