import { describe, expect, it } from 'vitest';
import { ModelError, PoolError } from '../../../pool/index.js';
import { type Script, scriptedPage } from '../../support/scripted-pool.js';
import { openTestApp } from '../../support/test-app.js';

const octets = { 'content-type': 'application/octet-stream' };

function parse(headers: Record<string, string> = {}, bytes = [1, 2, 3], query = ''): [string, RequestInit] {
  return [`/v1/parse${query}`, { method: 'POST', body: new Uint8Array(bytes), headers: { ...octets, ...headers } }];
}

async function codeOf(response: Response): Promise<[number, string]> {
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, error.code];
}

describe('Idempotency-Key', () => {
  const keyed = { 'idempotency-key': 'order-1' };

  it('reads once for a request that is repeated, whatever form it wants', async () => {
    const { app, pool } = openTestApp();
    const first = await app.request(...parse(keyed));
    const again = await app.request(...parse(keyed));
    const markdown = await app.request(...parse({ ...keyed, accept: 'text/markdown' }));
    expect(pool.calls).toHaveLength(1);
    expect(await again.json()).toEqual(await first.json());
    expect(await markdown.text()).toBe('Page 1');
    const replayed = [first, again, markdown].map((response) => response.headers.get('idempotency-replayed'));
    expect(replayed).toEqual([null, 'true', 'true']);
  });

  it('joins a reading that is under way', async () => {
    const { app, pool } = openTestApp();
    const answers = await Promise.all([1, 2, 3].map(() => app.request(...parse(keyed))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(pool.calls).toHaveLength(1);
  });

  it('goes on for the others when one of them leaves', async () => {
    const { app, pool } = openTestApp({ hangs: true });
    const client = new AbortController();
    const [path, init] = parse(keyed);
    const leaving = app.request(path, { ...init, signal: client.signal });
    const staying = app.request(...parse(keyed, [1, 2, 3]));
    await expect.poll(() => pool.calls.length).toBe(1);
    client.abort();
    expect((await leaving).status).toBe(499);
    expect(pool.calls[0].options.signal?.aborted).toBe(false);
    void staying;
  });

  it.each([
    ['another file', [9], ''],
    ['other options', [1, 2, 3], '?pages=1'],
  ])('refuses %s under the same key', async (_, bytes, query) => {
    const { app, pool } = openTestApp();
    await app.request(...parse(keyed));
    expect(await codeOf(await app.request(...parse(keyed, bytes, query)))).toEqual([422, 'IDEMPOTENCY_CONFLICT']);
    expect(pool.calls).toHaveLength(1);
  });

  it('belongs to the key of its user', async () => {
    const { app, pool } = openTestApp({}, { QUIRE_SERVER_API_KEYS: 'user-key-1,user-key-2' });
    const asUser = (name: string) => app.request(...parse({ ...keyed, authorization: `Bearer ${name}` }));
    expect((await asUser('user-key-1')).status).toBe(200);
    expect((await asUser('user-key-2')).headers.get('idempotency-replayed')).toBeNull();
    expect(pool.calls).toHaveLength(2);
  });

  it('forgets a failure, so that a repeated request is tried again', async () => {
    const script: { failure?: unknown } & Script = { failure: new PoolError('NO_DEVICE', 'None.') };
    const { app, pool } = openTestApp(script);
    expect((await app.request(...parse(keyed))).status).toBe(503);
    expect((await app.request(...parse(keyed))).status).toBe(503);
    expect(pool.calls).toHaveLength(2);
  });

  it.each(['', ' ', 'é', 'x'.repeat(256), 'a\tb'])('refuses the key %j', async (key) => {
    const { app } = openTestApp();
    const response = await app.request(...parse({ 'idempotency-key': encodeURI(key) === key ? key : 'x'.repeat(300) }));
    expect((await codeOf(response))[1]).toBe('REQUEST_INVALID');
  });

  it('does not go with a stream', async () => {
    const { app, pool } = openTestApp();
    const response = await app.request(...parse({ ...keyed, accept: 'text/event-stream' }));
    expect(await codeOf(response)).toEqual([400, 'REQUEST_INVALID']);
    expect(pool.calls).toEqual([]);
  });
});

describe('Prefer: respond-async', () => {
  const later = { prefer: 'respond-async, wait=10' };

  it('answers with a job, then tells how far it is, then has the result', async () => {
    const { app } = openTestApp({ pages: [scriptedPage(0), scriptedPage(1)] });
    const accepted = await app.request(...parse(later));
    expect(accepted.status).toBe(202);
    expect(accepted.headers.get('preference-applied')).toBe('respond-async');
    const path = accepted.headers.get('location') ?? '';
    const { id } = (await accepted.json()) as { id: string };
    expect(path).toBe(`/v1/jobs/${id}`);
    await expect.poll(async () => (await app.request(path)).json()).toMatchObject({ id, state: 'done' });
    expect(await (await app.request(path)).json()).toEqual({
      id,
      state: 'done',
      createdAt: expect.stringMatching(/Z$/),
      endedAt: expect.stringMatching(/Z$/),
      pageCount: 2,
      pagesDone: 2,
      result: `${path}/result`,
    });
    const result = await app.request(`${path}/result`);
    expect(await result.json()).toMatchObject({ markdown: 'Page 1\n\nPage 2' });
    const markdown = await app.request(`${path}/result`, { headers: { accept: 'text/markdown' } });
    expect(await markdown.text()).toBe('Page 1\n\nPage 2');
  });

  it('fails at once for a file that cannot be read', async () => {
    const { app } = openTestApp({ failure: new ModelError('PDF_ENCRYPTED', 'It needs a password.') });
    expect(await codeOf(await app.request(...parse(later)))).toEqual([422, 'PDF_ENCRYPTED']);
  });

  it('tells why a job failed later, in its state and in place of its result', async () => {
    const { app } = openTestApp({ pages: [scriptedPage(0), scriptedPage(1)], failAfterPages: 1 });
    const path = (await app.request(...parse(later))).headers.get('location') ?? '';
    await expect
      .poll(async () => (await app.request(path)).json())
      .toMatchObject({ state: 'failed', pagesDone: 1, error: { code: 'DEVICE_LOST' } });
    expect(await codeOf(await app.request(`${path}/result`))).toEqual([503, 'DEVICE_LOST']);
  });

  it('has no result while it is running, and is cancelled by DELETE', async () => {
    const { app, pool } = openTestApp({ hangs: true });
    const path = (await app.request(...parse(later))).headers.get('location') ?? '';
    expect(await (await app.request(path)).json()).toMatchObject({ state: 'running', pageCount: 1 });
    expect(await codeOf(await app.request(`${path}/result`))).toEqual([409, 'JOB_RUNNING']);
    expect((await app.request(path, { method: 'DELETE' })).status).toBe(204);
    expect(pool.calls[0].options.signal?.aborted).toBe(true);
    expect(await codeOf(await app.request(path))).toEqual([404, 'JOB_UNKNOWN']);
  });

  it('goes on when its client leaves, and may take longer than a request', async () => {
    const { app, pool } = openTestApp({ hangs: true });
    const client = new AbortController();
    const [path, init] = parse(later);
    expect((await app.request(path, { ...init, signal: client.signal })).status).toBe(202);
    client.abort();
    expect(pool.calls[0].options.signal?.aborted).toBe(false);
    expect(pool.calls[0].options.deadlineMs).toBe(86_400_000);
    await app.request(...parse(later, [1], '?timeoutMs=5000'));
    expect(pool.calls[1].options.deadlineMs).toBe(5000);
  });

  it('gives the same job for the same key', async () => {
    const { app, pool } = openTestApp();
    const both = { ...later, 'idempotency-key': 'k' };
    const [a, b] = [await app.request(...parse(both)), await app.request(...parse(both))];
    expect(b.headers.get('location')).toBe(a.headers.get('location'));
    expect(pool.calls).toHaveLength(1);
  });

  it('shows a job to nobody but its owner', async () => {
    const { app } = openTestApp({}, { QUIRE_SERVER_API_KEYS: 'user-key-1,user-key-2' });
    const as = (name: string) => ({ authorization: `Bearer ${name}` });
    const path = (await app.request(...parse({ ...later, ...as('user-key-1') }))).headers.get('location') ?? '';
    expect((await app.request(path, { headers: as('user-key-1') })).status).toBe(200);
    expect((await app.request(path, { headers: as('user-key-2') })).status).toBe(404);
    expect((await app.request(path, { method: 'DELETE', headers: as('user-key-2') })).status).toBe(404);
    expect((await app.request(path)).status).toBe(401);
  });
});
