import { expect, it } from 'vitest';
import { PoolError } from '../../../pool/index.js';
import { encodeCropFrame } from '../../../pool/remote/crop-frame.js';
import type { CropHead, EngineLine } from '../../../pool/remote/engine-contract.js';
import { openTestApp } from '../../support/test-app.js';

const head: CropHead = {
  protocol: 2,
  weightsId: 'w',
  from: 'me',
  priority: 'interactive',
  task: 'ocr',
  promptIds: [1],
  images: [],
  maxTokens: 8,
  isStreamed: true,
};
const headers = { 'content-type': 'application/octet-stream' };
const body = encodeCropFrame(head, [new Uint8Array([9, 8])]) as Uint8Array<ArrayBuffer>;
const post = { method: 'POST', headers, body };
const load = { queuedCount: 0, runningCount: 1, outstandingCost: 2, kvBlocksUsed: 3 };
const lines: EngineLine[] = [
  { type: 'accepted', load },
  { type: 'tokens', tokenIds: [7], logprobs: [-0.123456789] },
  { type: 'refused', failure: { code: 'POISON_CROP', message: 'kills' } },
];
const linesOf = (text: string): EngineLine[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

it('shows what the engine has and holds', async () => {
  const { app } = openTestApp();
  const response = await app.request('/v1/engine');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toMatchObject({ protocol: 2, isReady: true, model: { name: 'scripted' } });
});

it('answers with the lines of a crop', async () => {
  const { app, pool } = openTestApp({ lines });
  const response = await app.request('/v1/engine/crops', post);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  expect(linesOf(await response.text())).toEqual(lines);
  expect(pool.crops).toEqual([{ head, pixels: new Uint8Array([9, 8]) }]);
});

it.each([
  ['OVERLOADED', 429, { retryAfterMs: 2500 }, '3'],
  ['NO_DEVICE', 503, {}, '1'],
  ['MODEL_MISMATCH', 409, {}, null],
  ['CROP_TOO_LONG', 422, {}, null],
] as const)('refuses with %s before the first line as a plain status', async (code, status, detail, retryAfter) => {
  const { app } = openTestApp({ failure: new PoolError(code, 'no', detail) });
  const response = await app.request('/v1/engine/crops', post);
  expect([response.status, response.headers.get('retry-after')]).toEqual([status, retryAfter]);
  expect(await response.json()).toMatchObject({ error: { code } });
});

it('tells as the last line what fails later', async () => {
  const { app } = openTestApp({ lines: lines.slice(0, 1), failure: new PoolError('DEADLINE_EXCEEDED', 'late') });
  const response = await app.request('/v1/engine/crops', post);
  expect(linesOf(await response.text()).at(-1)).toEqual({
    type: 'error',
    error: { code: 'DEADLINE_EXCEEDED', message: 'late' },
  });
});

it('ends the crop when the reader leaves', async () => {
  const { app, lines: logged } = openTestApp({ lines: lines.slice(0, 1), hangs: true });
  const response = await app.request('/v1/engine/crops', post);
  const reader = response.body?.getReader();
  await reader?.read();
  // The crop hangs until its signal says otherwise; without it this would too.
  await reader?.cancel();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(logged.filter(({ route }) => route === '/v1/engine/crops')).toMatchObject([{ outcome: 'cancelled' }]);
});

it('refuses bodies that are no crop, of another type or too large', async () => {
  const { app } = openTestApp({ lines }, { QUIRE_SERVER_MAX_BODY_BYTES: '1000' });
  const codeOf = async (init: RequestInit) => {
    const response = await app.request('/v1/engine/crops', { method: 'POST', headers, ...init });
    return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
  };
  expect(await codeOf({ body: 'hello' })).toEqual([400, 'CROP_INVALID']);
  expect(await codeOf({ body: new Uint8Array(1001) })).toEqual([413, 'BODY_TOO_LARGE']);
  expect(await codeOf({ body: '{}', headers: { 'content-type': 'application/json' } })).toEqual([
    415,
    'MEDIA_TYPE_UNSUPPORTED',
  ]);
});

it('wants the key where one is set', async () => {
  const { app } = openTestApp({ lines }, { QUIRE_SERVER_API_KEYS: 'correct-horse' });
  expect((await app.request('/v1/engine')).status).toBe(401);
  expect((await app.request('/v1/engine/crops', post)).status).toBe(401);
  const authorized = { ...post, headers: { ...headers, authorization: 'Bearer correct-horse' } };
  expect((await app.request('/v1/engine/crops', authorized)).status).toBe(200);
});
