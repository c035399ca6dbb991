import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pagedBlockSize } from '../../../../models/index.js';
import { BlockPool } from '../../../../pool/engine/cuda/block-pool.js';
import { CudaEngine, type CudaEngineLimits } from '../../../../pool/engine/cuda/cuda-engine.js';
import type { EngineCrop, EngineEvent } from '../../../../pool/engine/engine.js';
import { blockSize, readAlone, simulatePagedGraphs, stopId } from '../../../support/simulated-paged-graphs.js';

const imageId = 5;
const limits: CudaEngineLimits = {
  maxBatch: 4,
  blockSize,
  prefillTokenBudget: 40,
  visionPatchBudget: 64,
  largePatchCount: 32,
  maxSequenceLength: 60,
  loopGuard: false,
  stopIds: [stopId],
  mergeSize: 2,
  sliceMs: 0,
};

function open(blockCount = 40, overrides: Partial<CudaEngineLimits> = {}) {
  const graphs = simulatePagedGraphs(imageId);
  const blocks = new BlockPool(blockCount, blockSize);
  const maxSequenceLength = Math.min(limits.maxSequenceLength, (blockCount - 1) * blockSize);
  return { graphs, blocks, engine: new CudaEngine(graphs, blocks, { ...limits, maxSequenceLength, ...overrides }) };
}

function crop(
  id: number,
  text: number[],
  cellCount: number,
  maxTokens: number,
  more: Partial<EngineCrop> = {},
): EngineCrop {
  const images = cellCount > 0 ? [{ gridHeight: 2, gridWidth: 2 * cellCount, patches: Uint8Array.of(id) }] : [];
  const promptIds = [11, ...new Array<number>(cellCount).fill(imageId), ...text];
  return { id, task: 'ocr', promptIds, images, maxTokens, isStreamed: false, ...more };
}

async function drain(
  engine: CudaEngine<Uint16Array>,
  between: (step: number, events: readonly EngineEvent[]) => void = () => {},
) {
  const readings = new Map<number, readonly number[]>();
  for (let step = 0; engine.hasWork && step < 2000; step++) {
    const { events } = await engine.step();
    for (const event of events) if (event.type === 'finished') readings.set(event.id, event.reading.tokenIds);
    between(step, events);
  }
  return readings;
}

const alone = ({ promptIds, images, maxTokens }: EngineCrop, room = limits.maxSequenceLength) =>
  readAlone(promptIds, images, imageId, Math.min(maxTokens, room - promptIds.length));

it('reads every crop as if it were alone, whatever joins, leaves and gives way', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          text: fc.array(fc.integer({ min: 20, max: 90 }), { minLength: 1, maxLength: 14 }),
          cellCount: fc.integer({ min: 0, max: 12 }),
          maxTokens: fc.integer({ min: 1, max: 25 }),
          joinsAt: fc.integer({ min: 0, max: 6 }),
        }),
        { minLength: 1, maxLength: 12 },
      ),
      fc.integer({ min: 9, max: 40 }),
      fc.constantFrom(0, 10),
      async (plans, blockCount, sliceMs) => {
        const { engine, blocks } = open(blockCount, { sliceMs });
        const total = blocks.freeCount;
        const room = Math.min(limits.maxSequenceLength, total * blockSize);
        const crops = plans.map(({ text, cellCount, maxTokens }, id) => crop(id, text, cellCount, maxTokens));
        const late = crops.filter((one) => {
          if (plans[one.id].joinsAt > 0) return true;
          engine.admit(one);
          return false;
        });
        const readings = await drain(engine, (step) => {
          for (const one of late.splice(0).reverse())
            plans[one.id].joinsAt <= step ? engine.admit(one) : late.push(one);
        });
        for (const one of late) engine.admit(one);
        for (const [id, tokens] of await drain(engine)) readings.set(id, tokens);
        for (const one of crops) expect(readings.get(one.id)).toEqual(alone(one, room));
        expect(blocks.freeCount).toBe(total);
      },
    ),
    { numRuns: 150 },
  );
});

it('decodes while prompts join, in one run', async () => {
  const { engine, graphs } = open();
  engine.admit(crop(1, [30], 2, 20));
  await engine.step();
  expect(graphs.runSizes).toEqual([1]);
  engine.admit(crop(2, [31], 2, 20));
  await engine.step();
  expect(graphs.runSizes).toEqual([1, 2]);
});

it('goes on after the tokens of an earlier attempt and streams only what is new', async () => {
  const { engine } = open();
  const whole = alone(crop(3, [40, 41], 3, 12));
  const prefix = { tokenIds: whole.slice(0, 4), logprobs: [-0.1, -0.1, -0.1, -0.1] };
  engine.admit(crop(3, [40, 41], 3, 12, { prefix, isStreamed: true }));
  const streamed: number[] = [];
  const readings = await drain(engine, (_, events) => {
    for (const event of events) if (event.type === 'tokens') streamed.push(...event.tokenIds);
  });
  expect(readings.get(3)).toEqual(whole);
  expect(streamed).toEqual(whole.slice(4));
});

it('forgets what is cancelled, running or waiting, and its blocks', async () => {
  const { engine, blocks } = open(40, { maxBatch: 1, stopIds: [] });
  const total = blocks.freeCount;
  engine.admit(crop(1, [30], 0, 40));
  engine.admit(crop(2, [31], 0, 3));
  engine.admit(crop(3, [32], 0, 3));
  await engine.step();
  engine.cancel(1);
  engine.cancel(2);
  const readings = await drain(engine);
  expect([...readings.keys()]).toEqual([3]);
  expect(blocks.freeCount).toBe(total);
});

it('refuses a prompt that can never fit, by itself', async () => {
  const { engine } = open();
  engine.admit(crop(1, new Array<number>(60).fill(30), 0, 5));
  engine.admit(crop(2, [31], 0, 3));
  const events: EngineEvent[] = [];
  await drain(engine, (_, some) => events.push(...some));
  expect(events).toMatchObject([
    { type: 'refused', id: 1, failure: { code: 'CROP_TOO_LONG' } },
    { type: 'finished', id: 2 },
  ]);
});

it('stops a runaway', async () => {
  const graphs = simulatePagedGraphs(imageId);
  const stuck = new CudaEngine(
    { ...graphs, run: async (rows) => ({ ...(await graphs.run(rows)), tokens: rows.map(() => 50) }) },
    new BlockPool(2000, blockSize),
    { ...limits, loopGuard: true, maxSequenceLength: 5000 },
  );
  stuck.admit(crop(1, [30], 0, 4000));
  const reasons: string[] = [];
  await drain(stuck, (_, events) => {
    for (const event of events) if (event.type === 'finished') reasons.push(event.reading.finishReason);
  });
  expect(reasons).toEqual(['repetition']);
});

it('names the crops of a run that failed', async () => {
  const graphs = simulatePagedGraphs(imageId);
  const failing = { ...graphs, run: async () => Promise.reject(new Error('error 700')) };
  const engine = new CudaEngine(failing, new BlockPool(40, blockSize), limits);
  engine.admit(crop(4, [30], 0, 5));
  engine.admit(crop(9, [30], 0, 5));
  await expect(engine.step()).rejects.toMatchObject({ name: 'EngineFault', suspectIds: [4, 9] });
});

it('breaks the device by a block far behind any pool, whose slots fit in 32 bits', async () => {
  const { graphs, blocks } = open();
  const blockIds: number[] = [];
  const watched = {
    ...graphs,
    run: async (rows: Parameters<typeof graphs.run>[0]) => {
      blockIds.push(...rows.flatMap((row) => row.blockIds));
      throw new Error('CUDA error 700');
    },
  };
  await expect(new CudaEngine(watched, blocks, limits).fault()).rejects.toThrow('CUDA error 700');
  expect(blockIds).toHaveLength(1);
  const slot = blockIds[0] * pagedBlockSize;
  expect(slot).toBeLessThan(2 ** 31);
  // Keys of the smallest published shape: two heads of 64 in two bytes.
  expect(slot * 2 * 64 * 2).toBeGreaterThan(200e9);
});

it('says so when a broken device does not notice', async () => {
  await expect(open().engine.fault()).rejects.toThrow(/not noticed/);
});
