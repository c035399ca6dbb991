import { expect, it } from 'vitest';
import { PoolError } from '../../../pool/index.js';
import { openTestApp } from '../../support/test-app.js';

const refusal = new PoolError('OVERLOADED', 'Full.', { retryAfterMs: 2300 });
/** A body that never ends. */
const endless = (): RequestInit & { duplex: 'half' } => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: new ReadableStream({ pull: () => new Promise(() => {}) }),
  duplex: 'half',
});

it.each([
  ['/v1/parse', { error: { code: 'OVERLOADED' } }],
  ['/v1/chat/completions', { error: { code: 'OVERLOADED', type: 'rate_limit_error' } }],
  ['/layout-parsing', { errorCode: 429 }],
])('%s refuses before it has the body where there is no room', async (path, body) => {
  const { app, pool } = openTestApp({ refusal, reading: { tokenTexts: ['a'] } });
  const response = await app.request(path, endless());
  expect(response.status).toBe(429);
  expect(response.headers.get('retry-after')).toBe('3');
  expect(await response.json()).toMatchObject(body);
  expect([pool.calls, pool.recognitions]).toEqual([[], []]);
});

it('does not turn away who asks for a reading that may be there already', async () => {
  const { app, pool } = openTestApp({ refusal });
  const headers = { 'content-type': 'application/octet-stream', 'idempotency-key': 'one' };
  const response = await app.request('/v1/parse', { method: 'POST', headers, body: new Uint8Array([1, 2, 3]) });
  expect(response.status).toBe(200);
  expect(pool.calls).toHaveLength(1);
});
