import { describe, expect, it } from 'vitest';
import { ModelError, PoolError } from '../../../pool/index.js';
import { scriptedPage } from '../../support/scripted-pool.js';
import { openTestApp } from '../../support/test-app.js';

const bytes = new Uint8Array([1, 2, 3]);
const octets = { 'content-type': 'application/octet-stream' };

function post(body: ConstructorParameters<typeof Response>[0], headers: Record<string, string> = octets): RequestInit {
  return { method: 'POST', body, headers };
}

async function failureOf(response: Response): Promise<{ status: number; code: string; message: string }> {
  const { error } = (await response.json()) as { error: { code: string; message: string; requestId: string } };
  expect(error.requestId).toBe(response.headers.get('x-request-id'));
  return { status: response.status, code: error.code, message: error.message };
}

async function linesOf(response: Response): Promise<Record<string, unknown>[]> {
  const text = await response.text();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('POST /v1/parse', () => {
  it('answers JSON by default, with rounded confidences and page numbers from 1', async () => {
    const { app } = openTestApp({ pages: [scriptedPage(0), scriptedPage(1)] });
    const response = await app.request('/v1/parse', post(bytes));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      pages: [1, 2].map((page) => ({
        page,
        width: 100,
        height: 50,
        blocks: [{ label: 'text', box: [0, 0, 10, 10], text: `Page ${page}`, confidence: 0.9877, order: 1 }],
        markdown: `Page ${page}`,
        failedBlockCount: 0,
      })),
      markdown: 'Page 1\n\nPage 2',
      failedBlockCount: 0,
    });
    expect(response.headers.get('server-timing')).toContain('decode;dur=6');
  });

  it('answers Markdown when that is asked for', async () => {
    const { app } = openTestApp();
    const response = await app.request('/v1/parse', post(bytes, { ...octets, accept: 'text/markdown' }));
    expect(response.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(await response.text()).toBe('Page 1');
  });

  it('says which blocks of a page failed, in every form', async () => {
    const { app } = openTestApp({ pages: [scriptedPage(0, { failed: true })] });
    const whole = await app.request('/v1/parse', post(bytes));
    const body = (await whole.json()) as { failedBlockCount: number; pages: { blocks: { error?: unknown }[] }[] };
    expect(body.failedBlockCount).toBe(1);
    expect(body.pages[0].blocks[1].error).toEqual({ code: 'POISON_CROP', message: 'This part killed a device twice.' });
    const markdown = await app.request('/v1/parse', post(bytes, { ...octets, accept: 'text/markdown' }));
    expect(markdown.headers.get('x-failed-blocks')).toBe('1');
    const stream = await app.request('/v1/parse', post(bytes, { ...octets, accept: 'application/x-ndjson' }));
    expect((await linesOf(stream)).at(-1)).toMatchObject({ type: 'done', failedBlockCount: 1 });
  });

  it('streams events as lines of JSON that end with done', async () => {
    const { app } = openTestApp();
    const response = await app.request('/v1/parse', post(bytes, { ...octets, accept: 'application/x-ndjson' }));
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    const events = await linesOf(response);
    expect(events.map((event) => event.type)).toEqual(['document', 'page', 'block', 'page-done', 'done']);
    expect(events[2]).toMatchObject({ page: 1, block: { text: 'Page 1', order: 1 } });
  });

  it('streams the same as server-sent events', async () => {
    const { app } = openTestApp();
    const response = await app.request('/v1/parse', post(bytes, { ...octets, accept: 'text/event-stream' }));
    const frames = (await response.text()).trimEnd().split('\n\n');
    expect(frames.map((frame) => /^event: (\S+)\ndata: \{/.exec(frame)?.[1])).toEqual([
      'document',
      'page',
      'block',
      'page-done',
      'done',
    ]);
  });

  it('ends a stream that fails half-way with the failure, and logs it as one', async () => {
    const { app, lines } = openTestApp({ pages: [scriptedPage(0), scriptedPage(1)], failAfterPages: 1 });
    const response = await app.request('/v1/parse', post(bytes, { ...octets, accept: 'application/x-ndjson' }));
    expect(response.status).toBe(200);
    expect((await linesOf(response)).at(-1)).toMatchObject({ type: 'error', error: { code: 'DEVICE_LOST' } });
    await new Promise(setImmediate);
    expect(lines.at(-1)).toMatchObject({ route: '/v1/parse', outcome: 'error', code: 'DEVICE_LOST', pages: 1 });
  });

  it('answers a stream of an unreadable file with a plain failure', async () => {
    const { app } = openTestApp({ failure: new ModelError('IMAGE_UNREADABLE', 'The image is cut off.') });
    const response = await app.request('/v1/parse', post(bytes, { ...octets, accept: 'text/event-stream' }));
    expect(await failureOf(response)).toMatchObject({ status: 422, code: 'IMAGE_UNREADABLE' });
  });

  it('takes the file as a multipart field too', async () => {
    const { app, pool } = openTestApp();
    const form = new FormData();
    form.set('file', new Blob([bytes]), 'page.png');
    const response = await app.request('/v1/parse', { method: 'POST', body: form });
    expect(response.status).toBe(200);
    expect([...pool.calls[0].input.bytes]).toEqual([1, 2, 3]);
  });

  it('hands the query to the pool and never a longer time than the limit', async () => {
    const { app, pool } = openTestApp({}, { QUIRE_SERVER_REQUEST_TIMEOUT_MS: '5000' });
    await app.request('/v1/parse?pages=1-3,7&priority=batch&timeoutMs=60000', post(bytes));
    await app.request('/v1/parse?timeoutMs=200', post(bytes));
    expect(pool.calls[0].options).toMatchObject({ pages: '1-3,7', priority: 'batch' });
    expect(pool.calls[0].options.deadlineMs).toBeLessThanOrEqual(5000);
    expect(pool.calls[1].options.deadlineMs).toBeLessThanOrEqual(200);
  });

  it.each([
    ['an unknown query name', '?pagse=1', 'REQUEST_INVALID', /"pagse".*"pages"/],
    ['a page range in words', '?pages=all', 'REQUEST_INVALID', /1-3,7/],
    ['an unknown priority', '?priority=urgent', 'REQUEST_INVALID', /priority/],
    ['a timeout of zero', '?timeoutMs=0', 'REQUEST_INVALID', /timeoutMs/],
  ])('refuses %s', async (_, query, code, message) => {
    const { app, pool } = openTestApp();
    const failure = await failureOf(await app.request(`/v1/parse${query}`, post(bytes)));
    expect(failure).toMatchObject({ status: 400, code });
    expect(failure.message).toMatch(message);
    expect(pool.calls).toEqual([]);
  });

  it.each([
    ['text', 'text/plain', 'hello', 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['broken JSON', 'application/json', '{', 400, 'BODY_INVALID'],
    ['JSON of another shape', 'application/json', '[]', 400, 'REQUEST_INVALID'],
    ['an unknown JSON field', 'application/json', '{"url":"http://x/","pages":"1"}', 400, 'REQUEST_INVALID'],
    ['a URL that is none', 'application/json', '{"url":"page.png"}', 400, 'URL_INVALID'],
    ['a file URL', 'application/json', '{"url":"file:///etc/passwd"}', 400, 'URL_INVALID'],
    ['a multipart form without boundary', 'multipart/form-data', 'x', 400, 'BODY_INVALID'],
    ['a multipart form that is cut off', 'multipart/form-data; boundary=b', '--b\r\nContent-Disp', 400, 'BODY_INVALID'],
  ])('refuses %s', async (_, type, body, status, code) => {
    const { app } = openTestApp();
    const response = await app.request('/v1/parse', post(body, { 'content-type': type }));
    expect(await failureOf(response)).toMatchObject({ status, code });
  });

  it('refuses a compressed body instead of taking it for a file', async () => {
    const { app } = openTestApp();
    const response = await app.request('/v1/parse', post(bytes, { ...octets, 'content-encoding': 'gzip' }));
    expect(await failureOf(response)).toMatchObject({ status: 415, code: 'MEDIA_TYPE_UNSUPPORTED' });
  });

  it.each([
    ['no file', () => new FormData()],
    ['an unknown field', () => formOf(['file', new Blob(['x'])], ['dpi', '300'])],
    ['two files', () => formOf(['file', new Blob(['x'])], ['file', new Blob(['y'])])],
    ['text instead of a file', () => formOf(['file', 'page.png'])],
  ])('refuses a form with %s', async (_, form) => {
    const { app } = openTestApp();
    const response = await app.request('/v1/parse', { method: 'POST', body: form() });
    expect(await failureOf(response)).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
  });

  it('refuses a body over the limit, announced or not', async () => {
    const { app, pool } = openTestApp({}, { QUIRE_SERVER_MAX_BODY_BYTES: '10' });
    const announced = await app.request('/v1/parse', post(new Uint8Array(11), { ...octets, 'content-length': '11' }));
    expect(await failureOf(announced)).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(4)) });
    const init = { ...post(endless), duplex: 'half' } as RequestInit;
    expect(await failureOf(await app.request('/v1/parse', init))).toMatchObject({
      status: 413,
      code: 'BODY_TOO_LARGE',
    });
    expect(pool.calls).toEqual([]);
  });

  it('refuses an answer it cannot give before it reads the body', async () => {
    const { app, pool } = openTestApp();
    const response = await app.request('/v1/parse', post(bytes, { ...octets, accept: 'image/png' }));
    expect(await failureOf(response)).toMatchObject({ status: 406, code: 'NOT_ACCEPTABLE' });
    expect(pool.calls).toEqual([]);
  });

  it('tells an overloaded client when to come back', async () => {
    const failure = new PoolError('OVERLOADED', 'The queue is full.', { retryAfterMs: 2300 });
    const { app } = openTestApp({ failure });
    const response = await app.request('/v1/parse', post(bytes));
    expect(response.headers.get('retry-after')).toBe('3');
    expect(await failureOf(response)).toMatchObject({ status: 429, code: 'OVERLOADED' });
  });

  it('keeps the message of a fault of its own to itself and to the log', async () => {
    const { app, lines } = openTestApp({ failure: new Error('secret path /srv/x') });
    const response = await app.request('/v1/parse', post(bytes));
    const failure = await failureOf(response);
    expect(failure).toMatchObject({ status: 500, code: 'INTERNAL' });
    expect(failure.message).not.toContain('/srv/x');
    expect(lines.some((line) => JSON.stringify(line).includes('/srv/x'))).toBe(true);
  });

  it('aborts the work when the client leaves', async () => {
    const { app, pool, lines } = openTestApp({ hangs: true });
    const client = new AbortController();
    const request = new Request('http://quire/v1/parse', { ...post(bytes), signal: client.signal });
    const answer = app.request(request);
    await expect.poll(() => pool.calls.length).toBe(1);
    client.abort();
    await answer;
    expect(pool.calls[0].options.signal?.aborted).toBe(true);
    expect(lines.at(-1)).toMatchObject({ outcome: 'cancelled', code: 'CANCELLED' });
  });

  it('stops the run when a stream is no longer read', async () => {
    const { app, lines } = openTestApp({ hangs: true });
    const response = await app.request('/v1/parse', post(bytes, { ...octets, accept: 'application/x-ndjson' }));
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await expect.poll(() => lines.at(-1)).toMatchObject({ outcome: 'cancelled' });
  });
});

function formOf(...fields: [string, string | Blob][]): FormData {
  const form = new FormData();
  for (const [name, value] of fields) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, value, 'page.png');
  }
  return form;
}
