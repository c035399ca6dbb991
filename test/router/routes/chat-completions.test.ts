import { describe, expect, it } from 'vitest';
import { PoolError } from '../../../pool/index.js';
import type { Script } from '../../support/scripted-pool.js';
import { openTestApp } from '../../support/test-app.js';

const picture = {
  type: 'image_url',
  image_url: { url: `data:image/png;base64,${Buffer.from('pixels').toString('base64')}` },
};
const prompt = { type: 'text', text: 'OCR:' };
const user = { role: 'user', content: [picture, prompt] };
const reading: Script = { reading: { tokenTexts: ['Hel', 'lo', ''] } };

function chat(body: unknown): RequestInit {
  return { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}

async function ask(body: object, script: Script = reading, env: Record<string, string> = {}) {
  const opened = openTestApp(script, env);
  const response = await opened.app.request('/v1/chat/completions', chat({ messages: [user], ...body }));
  return { ...opened, response };
}

async function errorOf(response: Response) {
  const { error } = (await response.json()) as {
    error: { message: string; type: string; param: string | null; code: string };
  };
  expect(Object.keys(error)).toEqual(['message', 'type', 'param', 'code']);
  return { status: response.status, ...error };
}

/** Data of the events of a stream, checked for OpenAI's framing. */
async function framesOf(response: Response): Promise<string[]> {
  const text = await response.text();
  expect(text.endsWith('\n\n')).toBe(true);
  const frames = text.slice(0, -2).split('\n\n');
  for (const frame of frames) expect(frame).toMatch(/^data: [^\n]+$/);
  return frames.map((frame) => frame.slice('data: '.length));
}

describe('POST /v1/chat/completions', () => {
  it('answers with every field of a chat completion', async () => {
    const { response } = await ask({ model: 'scripted' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{32}$/),
      object: 'chat.completion',
      created: expect.any(Number),
      model: 'scripted',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
    });
  });

  it('hands the request to the pool as the official client means it', async () => {
    const { pool } = await ask({
      model: 'PaddleOCR-VL-1.6-0.9B',
      temperature: 0,
      max_completion_tokens: 100,
      skip_special_tokens: false,
      mm_processor_kwargs: { min_pixels: 112_896, max_pixels: 1_605_632 },
    });
    expect(pool.recognitions[0].input).toEqual({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', bytes: Buffer.from('pixels') },
            { type: 'text', text: 'OCR:' },
          ],
        },
      ],
      maxTokens: 100,
      skipSpecialTokens: false,
      minPixels: 112_896,
      maxPixels: 1_605_632,
      isStreamed: false,
    });
  });

  it('keeps parts, turns and their order, and takes plain strings as text', async () => {
    const second = { type: 'image_url', image_url: picture.image_url.url };
    const { pool } = await ask({
      messages: [
        { role: 'developer', content: 'Be exact.' },
        { role: 'user', content: [prompt, picture, second] },
        { role: 'assistant', content: 'one' },
        { role: 'assistant', content: null },
        { role: 'user', content: 'again' },
      ],
    });
    const shape = pool.recognitions[0].input.messages.map(({ role, content }) => [
      role,
      content.map(({ type }) => type),
    ]);
    expect(shape).toEqual([
      ['system', ['text']],
      ['user', ['text', 'image', 'image']],
      ['assistant', ['text']],
      ['assistant', []],
      ['user', ['text']],
    ]);
  });

  it.each([
    [{ max_tokens: 5 }, 5],
    [{ max_tokens: 5, max_completion_tokens: 6 }, 6],
    [{ max_tokens: null }, 4096],
    [{}, 4096],
    [{ max_tokens: 1_000_000 }, 4096],
  ])('turns %j into a limit of %i tokens', async (body, limit) => {
    const { pool } = await ask(body);
    expect(pool.recognitions[0].input.maxTokens).toBe(limit);
  });

  it.each([
    ['length', 'length', undefined],
    ['repetition', 'length', 'repetition'],
  ] as const)('shows the end %s as %s', async (finishReason, finish_reason, stop_reason) => {
    const { response } = await ask({}, { reading: { tokenTexts: ['a'], finishReason } });
    const { choices } = (await response.json()) as { choices: { finish_reason: string; stop_reason?: string }[] };
    expect(choices[0].finish_reason).toBe(finish_reason);
    expect(choices[0].stop_reason).toBe(stop_reason);
  });

  it('gives the probability of each chosen token, and of no other', async () => {
    const { response } = await ask({ logprobs: true, top_logprobs: 1 }, { reading: { tokenTexts: ['é'] } });
    const { choices } = (await response.json()) as { choices: { logprobs: unknown }[] };
    const token = { token: 'é', logprob: -0.5, bytes: [0xc3, 0xa9] };
    expect(choices[0].logprobs).toEqual({ content: [{ ...token, top_logprobs: [token] }], refusal: null });
    const more = await ask({ logprobs: true, top_logprobs: 2 });
    expect(await errorOf(more.response)).toMatchObject({ status: 400, param: 'top_logprobs' });
  });

  it('asks for a fixed length only when told so', async () => {
    expect((await ask({ ignore_eos: true })).pool.recognitions[0].input.ignoresStop).toBe(true);
    for (const body of [{}, { ignore_eos: false }, { ignore_eos: null }]) {
      expect((await ask(body)).pool.recognitions[0].input).not.toHaveProperty('ignoresStop');
    }
    expect((await ask({ ignore_eos: 'yes' })).response.status).toBe(400);
  });

  it('stops at one text or several', async () => {
    expect((await ask({ stop: '\n' })).pool.recognitions[0].input.stop).toEqual(['\n']);
    expect((await ask({ stop: ['a', 'b'] })).pool.recognitions[0].input.stop).toEqual(['a', 'b']);
    expect((await ask({ stop: null })).pool.recognitions[0].input.stop).toBeUndefined();
  });

  it('names the parameters that had no effect, and only those', async () => {
    const sampled = await ask({ temperature: 0.7, top_p: 0.9, presence_penalty: 0, seed: 3, logit_bias: {} });
    expect(sampled.response.headers.get('x-ignored-parameters')).toBe('temperature, top_p');
    const greedy = await ask({ temperature: 0, top_p: 1, n: 1, user: 'me', chat_template: 'x', unknown_key: {} });
    expect(greedy.response.status).toBe(200);
    expect(greedy.response.headers.get('x-ignored-parameters')).toBeNull();
  });

  it.each([
    'PaddleOCR-VL-0.9B',
    'PaddleOCR-VL-1.5-0.9B',
    'PaddleOCR-VL-1.6-0.9B',
    'PaddleOCR-VL-1.5',
    'PaddlePaddle/PaddleOCR-VL',
    'PaddlePaddle/PaddleOCR-VL-1.6',
    'paddleocr-vl-1.6-0.9b',
    'SCRIPTED',
    null,
    undefined,
  ])('serves the model under the name %s', async (model) => {
    expect((await ask({ model })).response.status).toBe(200);
  });

  it('says which model there is when another is asked for', async () => {
    const { response } = await ask({ model: 'gpt-4o' });
    const error = await errorOf(response);
    expect(error).toMatchObject({ status: 404, type: 'invalid_request_error', param: 'model', code: 'MODEL_UNKNOWN' });
    expect(error.message).toContain('scripted');
  });

  const bad: readonly (readonly [string, object, string, string])[] = [
    ['no messages', { messages: [] }, 'REQUEST_INVALID', 'messages'],
    ['an unknown role', { messages: [{ role: 'tool', content: 'x' }] }, 'REQUEST_INVALID', 'messages.0.role'],
    ['no picture', { messages: [{ role: 'user', content: 'Hello?' }] }, 'REQUEST_INVALID', 'messages'],
    ['two choices', { n: 2 }, 'REQUEST_INVALID', 'n'],
    ['no token', { max_tokens: 0 }, 'REQUEST_INVALID', 'max_tokens'],
    ['tools', { tools: [{ type: 'function' }] }, 'REQUEST_INVALID', 'tools'],
    ['JSON mode', { response_format: { type: 'json_object' } }, 'REQUEST_INVALID', 'response_format.type'],
    ['options of a stream without one', { stream_options: {} }, 'REQUEST_INVALID', 'stream_options'],
    ['top_logprobs without logprobs', { top_logprobs: 1 }, 'REQUEST_INVALID', 'top_logprobs'],
    [
      'limits the wrong way round',
      { mm_processor_kwargs: { min_pixels: 2, max_pixels: 1 } },
      'REQUEST_INVALID',
      'mm_processor_kwargs.min_pixels',
    ],
  ];
  it.each(bad)('refuses %s by name', async (_, body, code, param) => {
    const { response, pool } = await ask(body);
    expect(await errorOf(response)).toMatchObject({ status: 400, type: 'invalid_request_error', code, param });
    expect(pool.recognitions).toEqual([]);
  });

  it.each([
    ['data:image/png;base64,%%%', 422, 'BASE64_INVALID'],
    ['data:image/png;base64,', 422, 'BASE64_INVALID'],
    ['data:image/png,abc', 400, 'URL_INVALID'],
    ['data:image/png;base64', 400, 'URL_INVALID'],
    ['file:///etc/passwd', 400, 'URL_INVALID'],
    ['http://127.0.0.1/page.png', 403, 'URL_FORBIDDEN'],
    ['http://169.254.169.254/latest/meta-data', 403, 'URL_FORBIDDEN'],
  ])('refuses the picture %s', async (url, status, code) => {
    const { response } = await ask({
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
    });
    expect(await errorOf(response)).toMatchObject({ status, code });
  });

  it('refuses more pictures than a prompt could hold before it loads one', async () => {
    const { response } = await ask({ messages: [{ role: 'user', content: new Array(65).fill(picture) }] });
    expect(await errorOf(response)).toMatchObject({ status: 400, param: 'messages' });
  });

  it.each([
    ['not JSON', 'application/json', '{', 400, 'BODY_INVALID'],
    ['not UTF-8', 'application/json', new Uint8Array([0x22, 0xff, 0x22]), 400, 'BODY_INVALID'],
    ['a list', 'application/json', '[]', 400, 'REQUEST_INVALID'],
    ['another type', 'text/plain', '{}', 415, 'MEDIA_TYPE_UNSUPPORTED'],
  ])("answers a body that is %s in OpenAI's shape", async (_, type, body, status, code) => {
    const { app } = openTestApp(reading);
    const init = { method: 'POST', body, headers: { 'content-type': type } };
    expect(await errorOf(await app.request('/v1/chat/completions', init))).toMatchObject({ status, code });
  });

  it('speaks the same shape for keys, limits, methods and a pool that is full', async () => {
    const keyed = await ask({}, reading, { QUIRE_SERVER_API_KEYS: 'user-key-1' });
    expect(await errorOf(keyed.response)).toMatchObject({ status: 401, type: 'authentication_error' });
    const large = await ask({}, reading, { QUIRE_SERVER_MAX_BODY_BYTES: '10' });
    expect(await errorOf(large.response)).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
    const method = await openTestApp().app.request('/v1/chat/completions');
    expect(await errorOf(method)).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    const failure = new PoolError('OVERLOADED', 'Full.', { retryAfterMs: 2500 });
    const full = await ask({}, { ...reading, failure });
    expect(full.response.headers.get('retry-after')).toBe('3');
    expect(await errorOf(full.response)).toMatchObject({ status: 429, type: 'rate_limit_error', code: 'OVERLOADED' });
    const lost = await ask({}, { ...reading, failure: new PoolError('NO_DEVICE', 'None.') });
    expect(await errorOf(lost.response)).toMatchObject({ status: 503, type: 'server_error' });
  });
});

describe('a streamed chat completion', () => {
  const base = { object: 'chat.completion.chunk', id: expect.stringMatching(/^chatcmpl-/), model: 'scripted' };

  it('begins with the role, carries the text, ends with the reason and [DONE]', async () => {
    const { response, lines } = await ask({ stream: true });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const frames = await framesOf(response);
    expect(frames.at(-1)).toBe('[DONE]');
    const chunks = frames.slice(0, -1).map((frame) => JSON.parse(frame));
    expect(chunks.map(({ choices }) => [choices[0].delta, choices[0].finish_reason])).toEqual([
      [{ role: 'assistant', content: '' }, null],
      [{ content: 'Hel' }, null],
      [{ content: 'lo' }, null],
      [{}, 'stop'],
    ]);
    for (const chunk of chunks) {
      expect(chunk).toMatchObject(base);
      expect(chunk.id).toBe(chunks[0].id);
      expect(chunk).not.toHaveProperty('usage');
    }
    expect(lines.at(-1)).toMatchObject({ route: '/v1/chat/completions', outcome: 'ok' });
  });

  it('tells the usage in a last chunk of its own when asked', async () => {
    const { response } = await ask({ stream: true, stream_options: { include_usage: true } });
    const chunks = (await framesOf(response)).slice(0, -1).map((frame) => JSON.parse(frame));
    const last = chunks.pop();
    expect(last.choices).toEqual([]);
    expect(last.usage).toEqual({ prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 });
    for (const chunk of chunks) expect(chunk.usage).toBeNull();
  });

  it('carries the probabilities of all its tokens, those without text too', async () => {
    const { response } = await ask({ stream: true, logprobs: true });
    const chunks = (await framesOf(response)).slice(0, -1).map((frame) => JSON.parse(frame));
    const tokens = chunks.flatMap(({ choices }) => choices[0].logprobs?.content ?? []);
    expect(tokens.map(({ token, logprob }) => [token, logprob])).toEqual([
      ['Hel', -0.5],
      ['lo', -1],
      ['', -1.5],
    ]);
  });

  it('is a plain failure when nothing was read, and an event when something was', async () => {
    const early = await ask({ stream: true }, { ...reading, failure: new PoolError('CROP_TOO_LONG', 'Too long.') });
    expect(await errorOf(early.response)).toMatchObject({ status: 422, code: 'CROP_TOO_LONG' });
    const late = await ask({ stream: true }, { ...reading, failAfterTokens: 1 });
    expect(late.response.status).toBe(200);
    const frames = await framesOf(late.response);
    expect(JSON.parse(frames.at(-2) ?? '')).toEqual({
      error: { message: 'All devices died.', type: 'server_error', param: null, code: 'DEVICE_LOST' },
    });
    expect(frames.at(-1)).toBe('[DONE]');
    expect(late.lines.at(-1)).toMatchObject({ outcome: 'error', code: 'DEVICE_LOST' });
  });

  it('ends the run when its reader leaves', async () => {
    const { app, pool, lines } = openTestApp({ ...reading, hangs: true });
    const client = new AbortController();
    const response = await app.request('/v1/chat/completions', {
      ...chat({ messages: [user], stream: true }),
      signal: client.signal,
    });
    client.abort();
    await response.body?.getReader().cancel();
    expect(pool.recognitions[0].options.signal?.aborted).toBe(true);
    await expect.poll(() => lines.at(-1)).toMatchObject({ outcome: 'cancelled', code: 'CANCELLED' });
  });
});

describe('GET /v1/models', () => {
  it('lists the model as soon as it is asked', async () => {
    const response = await openTestApp({ isReady: false }).app.request('/v1/models');
    const model = { id: 'scripted', object: 'model', owned_by: 'quire', max_model_len: 1024 };
    expect(await response.json()).toEqual({ object: 'list', data: [{ ...model, created: expect.any(Number) }] });
  });

  it('shows one model, also under a name of the family that holds a slash', async () => {
    const { app } = openTestApp();
    expect(await (await app.request('/v1/models/scripted')).json()).toMatchObject({ id: 'scripted', object: 'model' });
    const family = await app.request(`/v1/models/${encodeURIComponent('PaddlePaddle/PaddleOCR-VL-1.6')}`);
    expect(await family.json()).toMatchObject({ id: 'scripted' });
    const other = await app.request('/v1/models/gpt-4o');
    expect(await errorOf(other)).toMatchObject({ status: 404, code: 'MODEL_UNKNOWN', param: 'model' });
  });
});
