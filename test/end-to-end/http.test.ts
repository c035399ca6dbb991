import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { badFiles } from '../support/bad-files.js';
import { type RunningServer, startQuire } from '../support/quire-process.js';

const read = (path: string): Uint8Array => readFileSync(fileURLToPath(new URL(path, import.meta.url)));
const page = read('../fixtures/pages/hello.png');
const octets = { 'content-type': 'application/octet-stream' };

let server: RunningServer;
beforeAll(async () => {
  server = await startQuire([], { env: { QUIRE_SERVER_MAX_BODY_BYTES: '3000000', QUIRE_SERVER_CORS_ORIGINS: '*' } });
});
afterAll(async () => {
  await server?.close();
});

function parse(
  body: Uint8Array | FormData | string,
  headers: Record<string, string> = {},
  query = '',
): Promise<Response> {
  const type: Record<string, string> = body instanceof FormData ? {} : octets;
  return fetch(`${server.url}/v1/parse${query}`, {
    method: 'POST',
    body: body as ConstructorParameters<typeof Response>[0],
    headers: { ...type, ...headers },
  });
}

async function failureOf(response: Response): Promise<{ status: number; code: string }> {
  const { error } = (await response.json()) as { error: { code: string; message: string; requestId: string } };
  expect(error.message).not.toBe('');
  expect(error.requestId).toBe(response.headers.get('x-request-id'));
  return { status: response.status, code: error.code };
}

interface PageBody {
  readonly page: number;
  readonly width: number;
  readonly height: number;
  readonly markdown: string;
  readonly blocks: { label: string; box: number[]; text: string; confidence: number | null; order: number }[];
}

/** What is printed on the page, wherever it stands in the Markdown. */
function expectRead(markdown: string): void {
  expect(markdown).toMatch(/The paper store/);
  expect(markdown.replace(/\s+/g, ' ')).toContain('Four sheets folded once make a quire of sixteen pages');
  expect(markdown).toMatch(/<td[^>]*>\s*24\s*<\/td>/);
}

describe('reading a page', () => {
  it('gives Markdown', async () => {
    const response = await parse(page, { accept: 'text/markdown' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expectRead(await response.text());
  });

  it('gives what the README shows', async () => {
    const readme = Buffer.from(read('../../README.md')).toString();
    const [, shown] = /<!-- sample -->\n\n```markdown\n([\s\S]*?)\n```/.exec(readme) ?? [];
    expect((await (await parse(page, { accept: 'text/markdown' })).text()).trimEnd()).toBe(shown);
  });

  it('gives JSON with blocks in reading order, inside the page, with confidences', async () => {
    const response = await parse(page);
    const body = (await response.json()) as { pages: PageBody[]; markdown: string; failedBlockCount: number };
    expect(body.pages).toHaveLength(1);
    const [{ width, height, blocks }] = body.pages;
    expect([width, height, body.failedBlockCount]).toEqual([794, 760, 0]);
    expect(blocks.map(({ order }) => order)).toEqual(blocks.map((_, index) => index + 1));
    expect(blocks.map(({ label }) => label)).toContain('table');
    for (const { box, confidence } of blocks) {
      expect(box).toHaveLength(4);
      expect(box[0] >= 0 && box[1] >= 0 && box[2] <= width && box[3] <= height && box[0] < box[2]).toBe(true);
      expect(confidence === null || (confidence > 0 && confidence <= 1)).toBe(true);
    }
    expectRead(body.markdown);
  });

  it('gives the same from a multipart form', async () => {
    const form = new FormData();
    form.set('file', new Blob([page as Uint8Array<ArrayBuffer>], { type: 'image/png' }), 'page.png');
    expectRead(await (await parse(form, { accept: 'text/markdown' })).text());
  });

  it('streams blocks as they finish, and their texts are those of the whole answer', async () => {
    const whole = (await (await parse(page)).json()) as { pages: PageBody[]; markdown: string };
    const lines = (await (await parse(page, { accept: 'application/x-ndjson' })).text()).trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({ type: 'document', kind: 'image', pageCount: 1, pages: [1] });
    expect(events.at(-1)).toEqual({ type: 'done', markdown: whole.markdown, failedBlockCount: 0 });
    const texts = events.filter(({ type }) => type === 'block').map(({ block }) => block.text);
    expect(texts.sort()).toEqual(whole.pages[0].blocks.map(({ text }) => text).sort());
  });

  it('streams server-sent events', async () => {
    const text = await (await parse(page, { accept: 'text/event-stream' })).text();
    expect(text).toMatch(/^event: document\ndata: /);
    expect(text).toMatch(/event: done\ndata: [^\n]+\n\n$/);
  });

  it('reads chosen pages of a PDF, in the order of the file', async () => {
    const pdf = read('../fixtures/inputs/two-pages.pdf');
    const all = (await (await parse(pdf)).json()) as { pages: PageBody[] };
    expect(all.pages.map((one) => one.page)).toEqual([1, 2]);
    const second = (await (await parse(pdf, {}, '?pages=2')).json()) as { pages: PageBody[] };
    expect(second.pages.map((one) => one.page)).toEqual([2]);
  });

  it('reads every page of a TIFF', async () => {
    const body = (await (await parse(read('../fixtures/inputs/pages.tiff'))).json()) as { pages: PageBody[] };
    expect(body.pages.map(({ width, height }) => [width, height])).toEqual([
      [24, 16],
      [30, 20],
      [7, 9],
    ]);
  });

  it('reads many at once, each with its own answer', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => parse(page, { accept: 'text/markdown' })));
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    for (const text of texts) expect(text).toBe(texts[0]);
  });
});

describe('bad input', () => {
  it.each(badFiles)('answers $name with $code, in every form', async ({ code, bytes }) => {
    const file = await bytes();
    const json = await failureOf(await parse(file));
    expect(json.code).toBe(code);
    expect(json.status >= 400 && json.status < 500).toBe(true);
    const stream = await failureOf(await parse(file, { accept: 'application/x-ndjson' }));
    expect(stream).toEqual(json);
  });

  it.each([
    ['a page the document does not have', '?pages=9', 400, 'PAGE_RANGE_INVALID'],
    ['a page range backwards', '?pages=3-1', 400, 'PAGE_RANGE_INVALID'],
    ['page 0', '?pages=0', 400, 'PAGE_RANGE_INVALID'],
    ['an unknown query name', '?dpi=300', 400, 'REQUEST_INVALID'],
    ['an unknown priority', '?priority=high', 400, 'REQUEST_INVALID'],
  ])('refuses %s', async (_, query, status, code) => {
    expect(await failureOf(await parse(page, {}, query))).toEqual({ status, code });
  });

  it('refuses a body over the limit, announced or chunked', async () => {
    const announced = await parse(new Uint8Array(3_000_001));
    expect(await failureOf(announced)).toEqual({ status: 413, code: 'BODY_TOO_LARGE' });
    let sentCount = 0;
    const body = new ReadableStream({
      pull(controller) {
        sentCount++;
        if (sentCount > 200) controller.close();
        else controller.enqueue(new Uint8Array(65_536));
      },
    });
    const init = { method: 'POST', body, headers: octets, duplex: 'half' };
    const chunked = await fetch(`${server.url}/v1/parse`, init as unknown as RequestInit);
    expect(await failureOf(chunked)).toEqual({ status: 413, code: 'BODY_TOO_LARGE' });
  });

  it('refuses forms without a file or with fields it does not know', async () => {
    const empty = new FormData();
    empty.set('document', new Blob([page as Uint8Array<ArrayBuffer>]), 'page.png');
    expect(await failureOf(await parse(empty))).toEqual({ status: 400, code: 'REQUEST_INVALID' });
    const torn = await parse('--b\r\nContent-Disposition: form-data', {
      'content-type': 'multipart/form-data; boundary=b',
    });
    expect(await failureOf(torn)).toEqual({ status: 400, code: 'BODY_INVALID' });
  });

  it.each([
    'http://127.0.0.1:9/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:10.0.0.1]/',
    'http://localhost/',
  ])('does not fetch %s', async (url) => {
    const response = await parse(JSON.stringify({ url }), { 'content-type': 'application/json' });
    expect(await failureOf(response)).toEqual({ status: 403, code: 'URL_FORBIDDEN' });
  });

  it('has hurt nothing: the next page is read, and nothing is left in the system', async () => {
    expectRead(await (await parse(page, { accept: 'text/markdown' })).text());
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    for (const series of [
      'quire_documents_in_flight',
      'quire_queue_crops',
      'quire_running_crops',
      'quire_held_bytes',
    ]) {
      expect(metrics).toMatch(new RegExp(`^${series} 0$`, 'm'));
    }
  });
});

describe('operating', () => {
  it('is ready because a device read the known page', async () => {
    const body = (await (await fetch(`${server.url}/readyz`)).json()) as {
      ready: boolean;
      devices: { canaryOkAt?: string }[];
    };
    expect(body.ready).toBe(true);
    expect(body.devices.some(({ canaryOkAt }) => canaryOkAt !== undefined)).toBe(true);
  });

  it('counts stages, tokens and pages', async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const value = (pattern: RegExp): number => Number(pattern.exec(metrics)?.[1]);
    expect(value(/^quire_pages_total (\d+)/m)).toBeGreaterThan(0);
    expect(value(/^quire_output_tokens_total\{[^}]*\} (\d+)/m)).toBeGreaterThan(0);
    for (const stage of ['queue', 'vision', 'prefill', 'decode', 'prepare', 'detect', 'total']) {
      expect(
        value(new RegExp(`^quire_stage_duration_seconds_count\\{stage="${stage}"\\} (\\d+)`, 'm')),
        stage,
      ).toBeGreaterThan(0);
    }
  });

  it('frees everything when a client hangs up', async () => {
    const client = new AbortController();
    const answers = Array.from({ length: 4 }, () =>
      fetch(`${server.url}/v1/parse`, {
        method: 'POST',
        body: page as Uint8Array<ArrayBuffer>,
        headers: octets,
        signal: client.signal,
      }).then(
        () => 'answered',
        () => 'gone',
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    client.abort();
    await Promise.all(answers);
    const inFlight = async (): Promise<string> => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      return /^quire_documents_in_flight (\d+)/m.exec(metrics)?.[1] ?? '';
    };
    await expect.poll(inFlight, { timeout: 5000 }).toBe('0');
  });

  it('drains a device on request and takes it back', async () => {
    const { devices } = (await (await fetch(`${server.url}/devices`)).json()) as { devices: { id: string }[] };
    const act = (action: string): Promise<Response> =>
      fetch(`${server.url}/devices/${encodeURIComponent(devices[0].id)}/${action}`, { method: 'POST' });
    expect((await act('drain')).status).toBe(200);
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(503);
    expect((await act('resume')).status).toBe(200);
    await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(200);
    expectRead(await (await parse(page, { accept: 'text/markdown' })).text());
  });
});
