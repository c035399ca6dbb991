import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { DeviceHost, HostExit } from '../../../pool/device-host.js';
import type { CropMessage, ShardReport } from '../../../pool/protocol.js';
import { type CropFrame, decodeCropFrame } from '../../../pool/remote/crop-frame.js';
import type { EngineLine, EngineStatus } from '../../../pool/remote/engine-contract.js';
import { openRemoteHost } from '../../../pool/remote/remote-host.js';

// The other host is a server that answers as it is told.

const model = { name: 'm', weightsId: 'same' };
const load = { queuedCount: 2, runningCount: 3, outstandingCost: 9, kvBlocksUsed: 5 };
const status: EngineStatus = {
  protocol: 2,
  instance: 'other',
  model,
  isReady: true,
  maxSequenceLength: 100,
  capacity: { maxBatch: 8, kvBlocksTotal: 64 },
  load,
};
const crop = (id: number, more: Partial<CropMessage> = {}): CropMessage => ({
  id,
  task: 'ocr',
  promptIds: [1, 2],
  images: [{ gridHeight: 2, gridWidth: 2, patches: new Uint8Array([1, 2, 3]) }],
  maxTokens: 10,
  isStreamed: false,
  ...more,
});
const timings = { waitMs: 1, visionMs: 2, prefillMs: 3, decodeMs: 4, firstTokenMs: 5 };
const reading = { tokenIds: [7, 8], logprobs: [-0.1, -0.2], finishReason: 'stop', keepCount: 2, timings } as const;

/** The same as a line has it. */
const finished = { ...reading, tokenIds: [...reading.tokenIds], logprobs: [...reading.logprobs] };

interface Script {
  readonly status?: EngineStatus;
  readonly stepTimeoutMs?: number;
  /** Whether the host has stopped answering. */
  readonly isStuck?: () => boolean;
  readonly onCrop?: (frame: CropFrame, response: ServerResponse, request: IncomingMessage) => void;
}

let server: Server | null = null;
let host: DeviceHost | null = null;
afterEach(async () => {
  await host?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)));
  server = null;
  host = null;
});

async function open({ status: shown = status, onCrop, stepTimeoutMs = 5000, isStuck = () => false }: Script) {
  const reports: ShardReport[] = [];
  const exits: HostExit[] = [];
  const keys: (string | undefined)[] = [];
  const sockets = new Set<unknown>();
  server = createServer(async (request, response) => {
    keys.push(request.headers.authorization);
    sockets.add(request.socket);
    if (isStuck()) return;
    if (request.method === 'GET') return response.end(JSON.stringify(shown));
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    onCrop?.(decodeCropFrame(Buffer.concat(chunks)), response, request);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const options = { url: `http://127.0.0.1:${port}`, apiKey: 'the-key', instance: 'me', model };
  host = openRemoteHost(
    { ...options, maxSequenceLength: 100, stepTimeoutMs },
    { onReport: (_, report) => reports.push(report), onExit: (exit) => exits.push(exit) },
  );
  const events = () => reports.flatMap((report) => (report.type === 'step' ? report.events : []));
  return { host, reports, exits, events, keys, sockets };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 500) throw new Error(`${condition} did not come true`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const write = (response: ServerResponse, ...lines: EngineLine[]) => {
  for (const line of lines) response.write(`${JSON.stringify(line)}\n`);
};
const refuse = (response: ServerResponse, code: string, statusCode: number, headers = {}) =>
  response.writeHead(statusCode, headers).end(JSON.stringify({ error: { code, message: 'no', requestId: '' } }));

it('is ready with what the other host can take, and sends its key', async () => {
  const { reports, keys } = await open({});
  await until(() => reports.length > 0);
  expect(reports[0]).toMatchObject({ type: 'ready', capacity: status.capacity });
  expect(keys).toEqual(['Bearer the-key']);
});

it('brings a crop there and its answer back, with the load of the host', async () => {
  const frames: CropFrame[] = [];
  const { host, reports, events } = await open({
    onCrop(frame, response) {
      frames.push(frame);
      write(response, { type: 'accepted', load }, { type: 'tokens', tokenIds: [7], logprobs: [-0.1] });
      write(response, { type: 'finished', reading: finished, load });
      response.end();
    },
  });
  const prefix = { tokenIds: [4], logprobs: [-1] };
  host.post(0, { type: 'admit', crop: crop(9, { isStreamed: true, ignoresStop: true, priority: 'batch', prefix }) });
  await until(() => events().length === 2);
  const sent = { weightsId: 'same', priority: 'batch', isStreamed: true, ignoresStop: true, prefix };
  expect(frames[0].head).toMatchObject({ from: 'me', ...sent });
  expect([...frames[0].pixels]).toEqual([1, 2, 3]);
  expect(events()).toEqual([
    { type: 'tokens', id: 9, tokenIds: [7], logprobs: [-0.1] },
    { type: 'finished', id: 9, reading },
  ]);
  const steps = reports.flatMap((report) => (report.type === 'step' ? [report.report] : []));
  expect(steps.at(-1)).toMatchObject({ waitingCount: 2, runningCount: 3, kvBlocksUsed: 5 });
});

it('uses a connection again', async () => {
  const { host, events, sockets } = await open({
    onCrop(_, response) {
      write(response, { type: 'finished', reading: finished, load });
      // The end comes after the last line, in a piece of its own.
      setTimeout(() => response.end(), 20);
    },
  });
  for (let id = 1; id <= 5; id++) {
    host.post(0, { type: 'admit', crop: crop(id) });
    await until(() => events().length === id);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  expect(sockets.size).toBeLessThanOrEqual(2);
});

it('gives a crop back that the host has no room for, and asks again itself for the canary', async () => {
  let count = 0;
  const { host, reports, events, exits } = await open({
    onCrop(_, response) {
      count++;
      if (count <= 2) refuse(response, 'OVERLOADED', 429, { 'retry-after': '1' });
      else write(response, { type: 'refused', failure: { code: 'CROP_TOO_LONG', message: 'long' } });
    },
  });
  host.post(0, { type: 'admit', crop: crop(5) });
  await until(() => reports.some(({ type }) => type === 'returned'));
  expect(reports.find(({ type }) => type === 'returned')).toEqual({ type: 'returned', ids: [5], restMs: 1000 });
  host.post(0, { type: 'admit', crop: crop(0) });
  await until(() => events().length > 0);
  expect(events()).toMatchObject([{ type: 'refused', id: 0, failure: { code: 'CROP_TOO_LONG' } }]);
  expect([count, exits]).toEqual([3, []]);
});

it('gives a crop back whose connection breaks while the host lives on', async () => {
  const { host, reports, exits } = await open({ onCrop: (_, response) => void response.socket?.destroy() });
  host.post(0, { type: 'admit', crop: crop(6) });
  await until(() => reports.some(({ type }) => type === 'returned'));
  expect(exits).toEqual([]);
});

it('is lost when the host is gone in the middle of an answer', async () => {
  const { host, reports, exits } = await open({ onCrop: (_, response) => write(response, { type: 'accepted', load }) });
  host.post(0, { type: 'admit', crop: crop(6) });
  await until(() => reports.some(({ type }) => type === 'step'));
  server?.close();
  server?.closeAllConnections();
  await until(() => exits.length > 0);
  expect(exits).toEqual([{ reason: expect.stringMatching(/cannot be reached/), isOutsideKill: true }]);
  expect(reports.filter(({ type }) => type === 'returned')).toEqual([]);
});

it('is lost when the host stops answering, though its port is open', async () => {
  let isStuck = false;
  const { reports, exits } = await open({ stepTimeoutMs: 200, isStuck: () => isStuck });
  await until(() => reports.length > 0);
  expect(exits).toEqual([]);
  isStuck = true;
  await until(() => exits.length > 0);
  expect(exits).toMatchObject([{ isOutsideKill: true }]);
});

it('is lost at once when nobody listens there', async () => {
  const exits: HostExit[] = [];
  const options = { url: 'http://127.0.0.1:1', apiKey: '', instance: 'me', model };
  host = openRemoteHost(
    { ...options, maxSequenceLength: 100, stepTimeoutMs: 5000 },
    { onReport: () => {}, onExit: (exit) => exits.push(exit) },
  );
  await until(() => exits.length > 0);
  expect(exits[0].reason).toBe('http://127.0.0.1:1 cannot be reached: ECONNREFUSED');
});

it('takes a crop from the host when it is cancelled', async () => {
  let isCut = false;
  const { host, reports, events } = await open({
    onCrop(_, response) {
      write(response, { type: 'accepted', load });
      response.on('close', () => {
        isCut = true;
      });
    },
  });
  host.post(0, { type: 'admit', crop: crop(6) });
  await until(() => reports.some(({ type }) => type === 'step'));
  host.post(0, { type: 'cancel', ids: [6] });
  await until(() => isCut);
  expect(events()).toEqual([]);
});

it.each([
  ['other weights', { model: { name: 'n', weightsId: 'other' } }, 'MODEL_MISMATCH', /other weights \(n\)/],
  ['shorter sequences', { maxSequenceLength: 99 }, 'MODEL_MISMATCH', /maxSequenceLength/],
  ['this server itself', { instance: 'me' }, 'MODEL_MISMATCH', /itself/],
  ['another protocol', { protocol: 1 }, 'MODEL_MISMATCH', /version 1/],
  ['no device of its own', { isReady: false }, 'NO_DEVICE', /ready/],
] as const)('does not use a host with %s', async (_, change, code, message) => {
  const { reports } = await open({ status: { ...status, ...change } });
  await until(() => reports.length > 0);
  expect(reports[0]).toMatchObject({ type: 'failed', suspectIds: [], failure: { code } });
  expect((reports[0] as { failure: { message: string } }).failure.message).toMatch(message);
});

it.each([
  ['DEVICE_LOST', 503, [4]],
  ['INTERNAL', 500, [4]],
  ['NO_DEVICE', 503, []],
  ['MODEL_MISMATCH', 409, []],
  ['UNAUTHORIZED', 401, []],
] as const)('fails on %s, with the crop to blame or not', async (code, statusCode, suspectIds) => {
  const { host, reports } = await open({ onCrop: (_, response) => void refuse(response, code, statusCode) });
  host.post(0, { type: 'admit', crop: crop(4) });
  await until(() => reports.some(({ type }) => type === 'failed'));
  expect(reports.find(({ type }) => type === 'failed')).toMatchObject({ suspectIds });
});

it('fails on an answer that is not that of a Quire', async () => {
  const { host, reports } = await open({ onCrop: (_, response) => void response.end('<html>hello</html>\n') });
  host.post(0, { type: 'admit', crop: crop(4) });
  await until(() => reports.some(({ type }) => type === 'failed'));
  expect(reports.find(({ type }) => type === 'failed')).toMatchObject({ suspectIds: [4] });
});
