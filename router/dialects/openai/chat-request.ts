import { z } from '@hono/zod-openapi';

const maxMessages = 256;
const maxParts = 256;
const number = (low: number, high: number) => z.number().min(low).max(high).nullish();
const count = () => z.int().min(1).max(10_000_000).nullish();

const imageUrl = z.string().min(1).openapi({ description: 'A `data:image/…;base64,` URL, or http(s).' });

const partSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({
    type: z.literal('image_url'),
    image_url: z.union([imageUrl, z.object({ url: imageUrl, detail: z.string().nullish() })]),
  }),
]);

const messageSchema = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: z.union([z.string(), z.array(partSchema).max(maxParts)]).nullish(),
});

/**
 * Body of `POST /v1/chat/completions`. Keys that are not named here are ignored. Those that would change the words of
 * a sampling model are accepted and named in the answer's header (see `ignoredParameters`): decoding is greedy.
 */
export const chatRequestSchema = z
  .object({
    model: z
      .string()
      .max(500)
      .nullish()
      .openapi({ description: 'A name of `GET /v1/models`, or one of PaddleOCR-VL.' }),
    messages: z.array(messageSchema).min(1).max(maxMessages),
    max_completion_tokens: count().openapi({ description: 'Output tokens at most; goes before `max_tokens`.' }),
    max_tokens: count(),
    stream: z.boolean().nullish(),
    stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
    ignore_eos: z
      .boolean()
      .nullish()
      .openapi({ description: 'Goes on past the end of the text up to `max_tokens`, as benchmarks want it.' }),
    stop: z.union([z.string().min(1).max(1000), z.array(z.string().min(1).max(1000)).max(16)]).nullish(),
    n: z.literal(1, 'Only one choice is made: decoding is greedy, so others would be the same.').nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z
      .int()
      .min(0)
      .max(1, 'Only the chosen token is known with its probability; ask for 0 or 1.')
      .nullish(),
    temperature: number(0, 10).openapi({ description: 'Ignored: decoding is greedy, as with 0.' }),
    top_p: number(0, 1).openapi({ description: 'Ignored.' }),
    top_k: z.int().min(-1).nullish().openapi({ description: 'Ignored.' }),
    min_p: number(0, 1).openapi({ description: 'Ignored.' }),
    repetition_penalty: number(0, 100).openapi({ description: 'Ignored.' }),
    presence_penalty: number(-2, 2).openapi({ description: 'Ignored.' }),
    frequency_penalty: number(-2, 2).openapi({ description: 'Ignored.' }),
    logit_bias: z.record(z.string(), z.number()).nullish().openapi({ description: 'Ignored.' }),
    skip_special_tokens: z.boolean().nullish().openapi({ description: 'Off: the answer keeps special tokens.' }),
    mm_processor_kwargs: z
      .object({ min_pixels: count(), max_pixels: count() })
      .nullish()
      .openapi({ description: 'Pixel limits of the pictures; spotting keeps its own.' }),
    response_format: z.object({ type: z.literal('text', 'The model writes text only.') }).nullish(),
    tools: z.array(z.unknown()).max(0, 'The model calls no tools.').nullish(),
  })
  .superRefine((body, context) => {
    const refuse = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (body.stream_options && !body.stream) refuse(['stream_options'], 'Only allowed with "stream": true.');
    if (body.top_logprobs && !body.logprobs) refuse(['top_logprobs'], 'Only allowed with "logprobs": true.');
    const { min_pixels, max_pixels } = body.mm_processor_kwargs ?? {};
    if (min_pixels && max_pixels && min_pixels > max_pixels) {
      refuse(['mm_processor_kwargs', 'min_pixels'], 'min_pixels must not be larger than max_pixels.');
    }
  })
  .openapi('ChatCompletionRequest');

export type ChatRequest = z.output<typeof chatRequestSchema>;
export type ChatMessage = ChatRequest['messages'][number];
