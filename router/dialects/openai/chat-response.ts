import { z } from '@hono/zod-openapi';

const finishReason = z
  .enum(['stop', 'length'])
  .openapi({ description: '`length` also where runaway repetition was cut; `stop_reason` then says so.' });

const logprobsSchema = z.object({
  content: z.array(
    z.object({
      token: z.string(),
      logprob: z.number(),
      bytes: z.array(z.int()),
      top_logprobs: z.array(z.object({ token: z.string(), logprob: z.number(), bytes: z.array(z.int()) })),
    }),
  ),
  refusal: z.null(),
});

export const usageSchema = z.object({
  prompt_tokens: z.int().openapi({ description: 'Template, text and picture tokens.' }),
  completion_tokens: z.int().openapi({ description: 'Generated tokens, the one that ends the text included.' }),
  total_tokens: z.int(),
});

export const chatResponseSchema = z
  .object({
    id: z.string(),
    object: z.literal('chat.completion'),
    created: z.int().openapi({ description: 'Seconds since 1970.' }),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.literal(0),
        message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
        logprobs: logprobsSchema.nullable(),
        finish_reason: finishReason,
        stop_reason: z.literal('repetition').optional(),
      }),
    ),
    usage: usageSchema,
  })
  .openapi('ChatCompletion');

/** Data of one server-sent event; the last one is `[DONE]`. */
export const chatChunkSchema = z
  .object({
    id: z.string(),
    object: z.literal('chat.completion.chunk'),
    created: z.int(),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.literal(0),
        delta: z.object({ role: z.literal('assistant').optional(), content: z.string().optional() }),
        logprobs: logprobsSchema.nullable(),
        finish_reason: finishReason.nullable(),
        stop_reason: z.literal('repetition').optional(),
      }),
    ),
    usage: usageSchema
      .nullable()
      .optional()
      .openapi({ description: 'With `include_usage`: null until the last chunk.' }),
  })
  .openapi('ChatCompletionChunk');

export const openAiErrorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().openapi({ description: 'Stable; one of the codes of `Error`.' }),
    }),
  })
  .openapi('OpenAIError');

export type Logprobs = z.infer<typeof logprobsSchema>;
export type Usage = z.infer<typeof usageSchema>;
export type ChatResponse = z.infer<typeof chatResponseSchema>;
export type ChatChunk = z.infer<typeof chatChunkSchema>;
