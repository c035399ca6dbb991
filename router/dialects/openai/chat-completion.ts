import { randomUUID } from 'node:crypto';
import type { FinishReason, RecognizeResult } from '#pool';
import type { ChatChunk, ChatResponse, Logprobs, Usage } from './chat-response.js';

/** What all parts of one answer carry. */
export interface CompletionHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

/** `topLogprobs`: undefined for none at all, 0 for the chosen tokens alone, 1 with the likeliest (the chosen) listed. */
export interface LogprobOptions {
  readonly topLogprobs: number | undefined;
}

interface ScoredTokens {
  readonly tokenTexts: readonly string[];
  readonly logprobs: readonly number[];
}

export function completionHead(model: string): CompletionHead {
  return { id: `chatcmpl-${randomUUID().replaceAll('-', '')}`, created: Math.floor(Date.now() / 1000), model };
}

/** A finished answer in one piece. */
export function toChatResponse(head: CompletionHead, result: RecognizeResult, options: LogprobOptions): ChatResponse {
  return {
    ...base(head),
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: result.text, refusal: null },
        logprobs: toLogprobs(result, options),
        ...toFinish(result.finishReason),
      },
    ],
    usage: toUsage(result),
  };
}

/** One chunk of a streamed answer; `finish` only in the last with a choice. */
export function toChatChunk(
  head: CompletionHead,
  delta: ChatChunk['choices'][number]['delta'],
  { logprobs = null, finish }: { readonly logprobs?: Logprobs | null; readonly finish?: FinishReason } = {},
): ChatChunk {
  const ending = finish === undefined ? { finish_reason: null } : toFinish(finish);
  return { ...base(head), object: 'chat.completion.chunk', choices: [{ index: 0, delta, logprobs, ...ending }] };
}

export function toUsage({ promptTokenCount, outputTokenCount }: RecognizeResult): Usage {
  return {
    prompt_tokens: promptTokenCount,
    completion_tokens: outputTokenCount,
    total_tokens: promptTokenCount + outputTokenCount,
  };
}

export function toLogprobs(tokens: ScoredTokens, { topLogprobs }: LogprobOptions): Logprobs | null {
  if (topLogprobs === undefined) return null;
  const content = tokens.tokenTexts.map((token, index) => {
    const scored = { token, logprob: tokens.logprobs[index], bytes: [...Buffer.from(token)] };
    // Greedy decoding took the likeliest token, so the first place of the list is known.
    return { ...scored, top_logprobs: topLogprobs > 0 ? [scored] : [] };
  });
  return { content, refusal: null };
}

function base({ id, created, model }: CompletionHead) {
  return { id, created, model };
}

/** OpenAI has no name for runaway repetition: the text was cut, hence `length`, with the reason beside it. */
function toFinish(reason: FinishReason): { finish_reason: 'stop' | 'length'; stop_reason?: 'repetition' } {
  return reason === 'repetition' ? { finish_reason: 'length', stop_reason: 'repetition' } : { finish_reason: reason };
}
