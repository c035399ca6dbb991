import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { type RunningServer, startQuire } from '../support/quire-process.js';

// Two real servers on loopback; B is a device of A.

const page = readFileSync(fileURLToPath(new URL('../fixtures/pages/hello.png', import.meta.url)));
const post = { method: 'POST', body: page as Uint8Array<ArrayBuffer>, headers: { 'content-type': 'image/png' } };
const key = 'correct-horse';
const quick = { QUIRE_POOL_RESTART_BACKOFF_MS: '200', QUIRE_DEVICES_CPU_THREADS: '1' };

const running: RunningServer[] = [];
const start = async (port: number, env: Record<string, string>, devices = 'cpu') => {
  const server = await startQuire(['--port', String(port), '--devices', devices], { env: { ...quick, ...env } });
  running.push(server);
  return server;
};
afterEach(() => Promise.all(running.splice(0).map((server) => server.close())));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface ShownDevice {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly restartCount: number;
  readonly runningCount: number;
  readonly lastError?: { readonly code: string; readonly message: string };
}

async function remoteOf({ url }: RunningServer): Promise<ShownDevice> {
  const { devices } = (await (await fetch(`${url}/devices`)).json()) as { devices: ShownDevice[] };
  return devices.find(({ kind }) => kind === 'remote') as ShownDevice;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedAt > 40_000) throw new Error(`${condition} did not come true`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Crops that devices of a server have finished, by device. */
async function cropCounts({ url }: RunningServer): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [, device, count] of (await (await fetch(`${url}/metrics`)).text()).matchAll(
    /^quire_crops_total\{device="([^"]+)".*\} (\d+)$/gm,
  )) {
    counts[device] = (counts[device] ?? 0) + Number(count);
  }
  return counts;
}

interface Document {
  readonly pages: readonly { readonly blocks: readonly object[] }[];
  readonly failedBlockCount: number;
}

async function readPage({ url }: RunningServer): Promise<Document> {
  const response = await fetch(`${url}/v1/parse`, post);
  expect(response.status).toBe(200);
  return (await response.json()) as Document;
}

/** Confidences may differ in their last digits with the batch a crop was in; words, boxes and order may not. */
const words = ({ pages }: Document) =>
  pages.map(({ blocks }) => blocks.map((block) => ({ ...block, confidence: null })));

it('reads a page on two hosts, loses one in the middle without losing a word, and uses it again', {
  timeout: 180_000,
}, async () => {
  const port = await freePort();
  const id = `remote:127.0.0.1:${port}`;
  const first = await start(port, { QUIRE_SERVER_API_KEYS: key });
  const a = await start(0, { QUIRE_DEVICES_REMOTE_API_KEY: key }, `cpu,remote:http://127.0.0.1:${port}`);
  await until(async () => (await remoteOf(a)).state === 'ready');
  expect((await remoteOf(a)).id).toBe(id);

  const quiet = await readPage(a);
  expect(quiet.failedBlockCount).toBe(0);
  const shared = await cropCounts(a);
  expect(shared['cpu:0']).toBeGreaterThan(0);
  expect(shared[id]).toBeGreaterThan(0);

  const answers = Array.from({ length: 6 }, () => readPage(a));
  await until(async () => (await remoteOf(a)).runningCount > 0);
  first.kill('SIGKILL');
  for (const answer of await Promise.all(answers)) {
    expect(answer.failedBlockCount).toBe(0);
    expect(words(answer)).toEqual(words(quiet));
  }
  expect(await remoteOf(a)).toMatchObject({ lastError: { code: 'DEVICE_LOST' } });
  expect((await (await fetch(`${a.url}/metrics`)).text()).match(/^quire_crop_retries_total.*$/gm)?.join()).toContain(
    id,
  );

  const second = await start(port, { QUIRE_SERVER_API_KEYS: key });
  await until(async () => (await remoteOf(a)).state === 'ready');
  const before = (await cropCounts(second))['cpu:0'] ?? 0;
  const again = await Promise.all([readPage(a), readPage(a)]);
  for (const answer of again) expect(words(answer)).toEqual(words(quiet));
  expect((await cropCounts(second))['cpu:0']).toBeGreaterThan(before);
});

it('starts without the other host, says why, and works alone', { timeout: 120_000 }, async () => {
  const closed = await freePort();
  const a = await start(0, {}, `cpu,remote:http://127.0.0.1:${closed}`);
  expect((await readPage(a)).failedBlockCount).toBe(0);
  const remote = await remoteOf(a);
  expect(['down', 'starting']).toContain(remote.state);
  expect(remote.lastError?.message).toBe(`http://127.0.0.1:${closed} cannot be reached: ECONNREFUSED`);
  await until(async () => (await remoteOf(a)).restartCount >= 3);
});

it('does not pass crops round between hosts that use each other, and stays out without the key', {
  timeout: 120_000,
}, async () => {
  const [portA, portB] = [await freePort(), await freePort()];
  const [a, b] = await Promise.all([
    start(portA, {}, `cpu,remote:http://127.0.0.1:${portB}`),
    start(portB, {}, `cpu,remote:http://127.0.0.1:${portA}`),
  ]);
  for (const server of [a, b]) await until(async () => (await remoteOf(server)).state === 'ready');
  const pages = await Promise.all([readPage(a), readPage(a), readPage(b), readPage(b)]);
  const [onA, onB] = [await cropCounts(a), await cropCounts(b)];
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0);
  const local = (onA['cpu:0'] ?? 0) + (onB['cpu:0'] ?? 0);
  const away = sum(onA) + sum(onB) - local;
  expect(away).toBeGreaterThan(0);
  // Whatever was sent away was read there by a device of its own: every crop is counted there once, and here once.
  expect(onA[`remote:127.0.0.1:${portB}`] ?? 0).toBeLessThanOrEqual(onB['cpu:0'] ?? 0);
  expect(onB[`remote:127.0.0.1:${portA}`] ?? 0).toBeLessThanOrEqual(onA['cpu:0'] ?? 0);
  for (const page of pages) expect(words(page)).toEqual(words(pages[0]));

  const locked = await freePort();
  await start(locked, { QUIRE_SERVER_API_KEYS: key });
  const keyless = await start(0, {}, `cpu,remote:http://127.0.0.1:${locked}`);
  await until(async () => (await remoteOf(keyless)).lastError?.message.includes('UNAUTHORIZED') ?? false);
});
