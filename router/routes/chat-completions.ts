import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { AppEnv, RouteParts } from '../app-env.js';
import { completionHead, toChatResponse } from '../dialects/openai/chat-completion.js';
import { type ChatRequest, chatRequestSchema } from '../dialects/openai/chat-request.js';
import { chatChunkSchema, chatResponseSchema, openAiErrorSchema } from '../dialects/openai/chat-response.js';
import { ignoredParameters } from '../dialects/openai/ignored-parameters.js';
import { isServedName, servedNames } from '../dialects/openai/model-names.js';
import { streamChat } from '../dialects/openai/stream-chat.js';
import { toRecognizeInput } from '../dialects/openai/to-recognize-input.js';
import { RouterError } from '../errors.js';
import { describeIssues } from '../input/describe-issues.js';
import { fetchUrl } from '../input/fetch-url.js';
import { readJson } from '../input/read-json.js';
import { serverTiming } from '../server-timing.js';

const failure = {
  description: "A failure in OpenAI's shape.",
  content: { 'application/json': { schema: openAiErrorSchema } },
};

const route = createRoute({
  method: 'post',
  path: '/v1/chat/completions',
  operationId: 'createChatCompletion',
  summary: 'Read pictures (OpenAI)',
  description:
    'One chat turn straight to the reader, without page layout: pictures and one of its prompts, such as `OCR:`, `Table Recognition:`, `Formula Recognition:`, `Chart Recognition:`, `Seal Recognition:` or `Spotting:`. Decoding is greedy: parameters of sampling are accepted, have no effect and are named in the header X-Ignored-Parameters.',
  tags: ['OpenAI'],
  security: [{ bearer: [] }],
  request: {
    // Read by `readJson`, which holds it to the limit; the schema that validates is the one described.
    body: {
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/ChatCompletionRequest' } } },
    },
  },
  responses: {
    200: {
      description: 'The answer; with `stream`, events of chunks and a last `data: [DONE]`.',
      content: {
        'application/json': { schema: chatResponseSchema },
        'text/event-stream': { schema: chatChunkSchema },
      },
    },
    '4XX': failure,
    '5XX': failure,
  },
});

/** `POST /v1/chat/completions`. */
export function registerChatCompletions(app: OpenAPIHono<AppEnv>, parts: RouteParts): void {
  const { pool, config, log, uploads } = parts;
  app.openAPIRegistry.register('ChatCompletionRequest', chatRequestSchema);
  app.openapi(route, async (c): Promise<Response> => {
    const deadline = c.get('deadline');
    pool.checkRoom({ deadlineMs: deadline.remainingMs() });
    const request = checkRequest(await readJson(c, parts));
    if (!isServedName(request.model, pool.model)) throw unknownModel(request.model ?? '', servedNames(pool.model));

    const input = await toRecognizeInput(request, {
      fetch: (url) => fetchUrl(url, { settings: config.url, signal: deadline.signal, budget: uploads }),
      maxImageBytes: Math.max(config.server.maxBodyBytes, config.url.maxBytes),
      maxTokens: config.engine.maxTokens,
    });
    const run = pool.recognize(
      { ...input, isStreamed: request.stream === true },
      { deadlineMs: deadline.remainingMs(), signal: deadline.clientSignal },
    );

    const record = c.get('record');
    record.cropCount = input.messages.flatMap(({ content }) => content).filter(({ type }) => type === 'image').length;
    const ignored = ignoredParameters(request);
    if (ignored.length > 0) c.header('X-Ignored-Parameters', ignored.join(', '));
    const head = completionHead(pool.model.name);
    const topLogprobs = request.logprobs ? (request.top_logprobs ?? 0) : undefined;
    if (request.stream) {
      const includeUsage = request.stream_options?.include_usage ?? false;
      return streamChat(c, run, { head, includeUsage, topLogprobs, log });
    }
    const result = await run.result;
    c.header('Server-Timing', serverTiming(result.timings));
    return c.json(toChatResponse(head, result, { topLogprobs }), 200);
  });
}

function checkRequest(body: unknown): ChatRequest {
  const checked = chatRequestSchema.safeParse(body);
  if (checked.success) return checked.data;
  const { issues } = checked.error;
  throw new RouterError('REQUEST_INVALID', describeIssues(issues), { param: issues[0]?.path.map(String).join('.') });
}

function unknownModel(asked: string, names: readonly string[]): RouterError {
  const message = `There is no model "${asked.slice(0, 100)}" here; ask for ${names.join(' or ')}.`;
  return new RouterError('MODEL_UNKNOWN', message, { param: 'model' });
}
