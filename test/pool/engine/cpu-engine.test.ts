import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { Engine, EngineEvent } from '../../../pool/engine/engine.js';
import { drainEngine, type EngineBench, openEngineBench } from '../../support/open-test-engine.js';

let cacheDir: string;
let bench: EngineBench;
let engine: Engine | null = null;
const opened = async (limits?: Parameters<EngineBench['open']>[0]) => {
  engine = await bench.open(limits);
  return engine;
};
const all = () => bench.samples.map((_, index) => index);
const goldens = () => new Map(bench.samples.map(({ tokenIds }, index) => [index, tokenIds]));
const tokensOf = (readings: Awaited<ReturnType<typeof drainEngine>>) =>
  new Map([...readings].sort(([a], [b]) => a - b).map(([id, { tokenIds }]) => [id, tokenIds]));

beforeAll(async () => {
  cacheDir = mkdtempSync(join(tmpdir(), 'quire-engine-'));
  bench = await openEngineBench(cacheDir);
});
vi.setConfig({ testTimeout: 180_000 });

afterEach(async () => {
  await engine?.close();
  engine = null;
});
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

it('reads each sample alone, token for token', async () => {
  const engine = await opened();
  for (const index of all()) {
    engine.admit(bench.crop(index));
    const readings = await drainEngine(engine);
    expect(readings.get(index)?.tokenIds, bench.samples[index].file).toEqual(bench.samples[index].tokenIds);
    expect(readings.get(index)?.finishReason).toBe('stop');
  }
});

it('reads all samples in one batch as it reads them alone', async () => {
  const engine = await opened();
  for (const index of all()) engine.admit(bench.crop(index));
  expect(tokensOf(await drainEngine(engine))).toEqual(goldens());
});

it('reads samples that join at every second step, in any order', async () => {
  const engine = await opened({ maxBatch: 5 });
  const order = all().reverse();
  engine.admit(bench.crop(order.shift() as number));
  const readings = await drainEngine(engine, (_, step) => {
    if (step % 2 === 0 && order.length > 0) engine.admit(bench.crop(order.shift() as number));
  });
  while (order.length > 0) engine.admit(bench.crop(order.shift() as number));
  for (const [id, reading] of await drainEngine(engine)) readings.set(id, reading);
  expect(tokensOf(readings)).toEqual(goldens());
});

it('reads on when the cache is so small that sequences give way', async () => {
  const engine = await opened({ kvBlocks: 24 });
  for (const index of all()) engine.admit(bench.crop(index));
  let mostBlocks = 0;
  const readings = new Map<number, readonly number[]>();
  while (engine.hasWork) {
    const { events, report } = await engine.step();
    mostBlocks = Math.max(mostBlocks, report.kvBlocksUsed);
    for (const event of events) if (event.type === 'finished') readings.set(event.id, event.reading.tokenIds);
  }
  expect(mostBlocks).toBeLessThanOrEqual(24);
  expect(new Map([...readings].sort(([a], [b]) => a - b))).toEqual(goldens());
});

it('goes on past the stop token where a fixed length is asked for, and hurts no neighbour', async () => {
  const engine = await opened();
  const { tokenIds } = bench.samples[0];
  const maxTokens = tokenIds.length + 200;
  engine.admit(bench.crop(0, { ignoresStop: true, maxTokens }));
  engine.admit(bench.crop(2));
  const readings = await drainEngine(engine);
  expect(readings.get(0)).toMatchObject({ finishReason: 'length', keepCount: maxTokens });
  expect(readings.get(0)?.tokenIds).toHaveLength(maxTokens);
  expect(readings.get(0)?.tokenIds.slice(0, tokenIds.length)).toEqual(tokenIds);
  expect(readings.get(2)?.tokenIds).toEqual(bench.samples[2].tokenIds);
});

it('goes on after the tokens of an earlier attempt', async () => {
  const engine = await opened();
  const { tokenIds } = bench.samples[2];
  const prefix = { tokenIds: tokenIds.slice(0, 9), logprobs: tokenIds.slice(0, 9).map(() => -0.1) };
  engine.admit(bench.crop(2, { prefix, isStreamed: true }));
  const streamed: number[] = [];
  const readings = await drainEngine(engine, (events) => {
    for (const event of events) if (event.type === 'tokens') streamed.push(...event.tokenIds);
  });
  expect(readings.get(2)?.tokenIds).toEqual(tokenIds);
  expect(streamed).toEqual(tokenIds.slice(9));
});

it('streams tokens as they come, all of them before the end', async () => {
  const engine = await opened();
  engine.admit(bench.crop(2, { isStreamed: true }));
  const seen: EngineEvent[] = [];
  await drainEngine(engine, (events) => seen.push(...events));
  expect(seen.at(-1)?.type).toBe('finished');
  expect(seen.filter(({ type }) => type === 'tokens').length).toBeGreaterThan(3);
  expect(seen.flatMap((event) => (event.type === 'tokens' ? event.tokenIds : []))).toEqual(bench.samples[2].tokenIds);
});

it('stops at the token limit', async () => {
  const engine = await opened();
  engine.admit(bench.crop(2, { maxTokens: 7 }));
  const reading = (await drainEngine(engine)).get(2);
  expect(reading?.tokenIds).toEqual(bench.samples[2].tokenIds.slice(0, 7));
  expect(reading?.finishReason).toBe('length');
});

it('refuses a prompt that cannot fit and reads the others', async () => {
  const engine = await opened({ maxSequenceLength: 80 });
  engine.admit(bench.crop(2));
  engine.admit(bench.crop(0));
  const seen: EngineEvent[] = [];
  await drainEngine(engine, (events) => seen.push(...events));
  expect(seen.map(({ id, type }) => [id, type])).toEqual([
    [2, 'refused'],
    [0, 'finished'],
  ]);
});

it('frees what a cancelled crop held before the next step', async () => {
  const engine = await opened();
  for (const index of all()) engine.admit(bench.crop(index));
  const first = await engine.step();
  expect(first.report.kvBlocksUsed).toBeGreaterThan(0);
  for (const index of all()) engine.cancel(index);
  const { events, report } = await engine.step();
  expect(events).toEqual([]);
  expect(report).toMatchObject({ kvBlocksUsed: 0, runningCount: 0, waitingCount: 0, batchSize: 0 });
  expect(engine.hasWork).toBe(false);
});
