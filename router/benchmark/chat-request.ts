import type { BenchRequest } from './bench-client.js';
import { type AnswerReader, throwFailure } from './send-request.js';

export interface ChatOptions {
  /** Name sent as `model`. */
  readonly model: string;
  readonly prompt: string;
  readonly maxTokens: number;
  /** Go on past the end of the text: `ignore_eos`, as vLLM, SGLang and Quire know it. */
  readonly isFixedLength: boolean;
}

/** One chat turn about a picture, streamed, as OpenAI's dialect has it. */
export function chatRequest(picture: Uint8Array, mediaType: string, options: ChatOptions): BenchRequest {
  const { model, prompt, maxTokens, isFixedLength } = options;
  const url = `data:${mediaType};base64,${Buffer.from(picture.buffer, picture.byteOffset, picture.length).toString('base64')}`;
  const body = JSON.stringify({
    model,
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url } },
          { type: 'text', text: prompt },
        ],
      },
    ],
    max_tokens: maxTokens,
    temperature: 0,
    stream: true,
    stream_options: { include_usage: true },
    // What comes after the end is often special tokens; shown, each of them is a sign of life.
    ...(isFixedLength && { ignore_eos: true, skip_special_tokens: false }),
  });
  return { path: '/v1/chat/completions', headers: { 'content-type': 'application/json' }, body };
}

interface ChatChunk {
  readonly error?: unknown;
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null; readonly reasoning_content?: string | null };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number } | null;
}

/** Follows the server-sent events of an answer. */
export function readChat(): AnswerReader {
  let isWhole = false;
  let hasText = false;
  let usage: ChatChunk['usage'];
  return {
    read(line) {
      if (!line.startsWith('data:')) return;
      const data = line.slice(5).trim();
      if (data === '[DONE]') {
        isWhole = true;
        return;
      }
      const chunk = JSON.parse(data) as ChatChunk;
      if (chunk.error) throwFailure(chunk.error);
      const choice = chunk.choices?.[0];
      // The first chunk of many servers has a role and an empty text: no token yet.
      hasText ||= Boolean(choice?.delta?.content || choice?.delta?.reasoning_content);
      isWhole ||= Boolean(choice?.finish_reason);
      usage = chunk.usage ?? usage;
    },
    get isWhole() {
      return isWhole;
    },
    get hasText() {
      return hasText;
    },
    get promptTokens() {
      return usage?.prompt_tokens ?? null;
    },
    get outputTokens() {
      return usage?.completion_tokens ?? null;
    },
    imageCount: 1,
  };
}
