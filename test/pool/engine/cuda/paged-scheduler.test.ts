import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type PagedLimits, planPagedStep } from '../../../../pool/engine/cuda/paged-scheduler.js';

const limits: PagedLimits = {
  maxBatch: 4,
  blockSize: 256,
  prefillTokenBudget: 1000,
  visionPatchBudget: 3000,
  largePatchCount: 2048,
};
const waiting = (id: number, promptLength: number, ...patchCounts: number[]) => ({ id, promptLength, patchCounts });
const running = (id: number, length: number, blockCount = Math.ceil((length - 1) / 256)) => ({
  id,
  length,
  blockCount,
});

it('lets crops join in order while rows, blocks and budgets last', () => {
  const three = [waiting(1, 300), waiting(2, 300), waiting(3, 300)];
  expect(planPagedStep(three, [], 100, limits).joining).toEqual([1, 2, 3]);
  expect(planPagedStep(three, [], 5, limits).joining).toEqual([1, 2]);
  expect(planPagedStep(three, [running(8, 10), running(9, 10)], 100, limits).joining).toEqual([1, 2]);
  expect(planPagedStep([waiting(1, 900), waiting(2, 200)], [], 100, limits).joining).toEqual([1]);
});

it('lets one crop in that is beyond the budgets alone, and nobody past one that does not fit', () => {
  expect(planPagedStep([waiting(1, 5000, 9000)], [], 100, limits).joining).toEqual([1]);
  expect(planPagedStep([waiting(1, 2000), waiting(2, 10)], [], 5, limits).joining).toEqual([]);
});

it('encodes large pictures alone and small ones together, within the budget', () => {
  const crops = [waiting(1, 9, 500, 2048), waiting(2, 9, 400)];
  expect(planPagedStep(crops, [], 100, limits).vision).toEqual([
    [
      { id: 1, image: 0 },
      { id: 2, image: 0 },
    ],
    [{ id: 1, image: 1 }],
  ]);
  const many = Array.from({ length: 4 }, (_, id) => waiting(id, 9, 1000));
  const { vision } = planPagedStep(many, [], 100, { ...limits, visionPatchBudget: 4000 });
  expect(vision.map((run) => run.length)).toEqual([4]);
});

it('makes the youngest give way when blocks are short, and lets nobody join then', () => {
  const plan = planPagedStep([waiting(9, 10)], [running(1, 257, 1), running(2, 300, 2), running(3, 257, 1)], 1, limits);
  expect(plan).toEqual({ vision: [], joining: [], preempted: [3] });
});

it('never plans more blocks or rows than there are, and never stops with room for the first', () => {
  const sequence = fc.record({ length: fc.integer({ min: 2, max: 3000 }), isFull: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 8 }),
      fc.array(sequence, { maxLength: 4 }),
      fc.integer({ min: 0, max: 60 }),
      (prompts, held, free) => {
        const queue = prompts.map((length, id) => waiting(100 + id, length));
        const batch = held.map(({ length }, id) => running(id, length));
        const plan = planPagedStep(queue, batch, free, limits);
        const staying = batch.filter(({ id }) => !plan.preempted.includes(id));
        const given = batch
          .filter(({ id }) => plan.preempted.includes(id))
          .reduce((sum, one) => sum + one.blockCount, 0);
        const grown = staying.reduce((sum, one) => sum + Math.ceil(one.length / 256) - one.blockCount, 0);
        const joined = queue.filter(({ id }) => plan.joining.includes(id));
        const taken = joined.reduce((sum, one) => sum + Math.ceil((one.promptLength + 1) / 256), 0);
        if (staying.length !== 1) expect(grown + taken).toBeLessThanOrEqual(free + given);
        expect(staying.length + joined.length).toBeLessThanOrEqual(Math.max(limits.maxBatch, staying.length));
        expect(plan.joining).toEqual(queue.slice(0, joined.length).map(({ id }) => id));
        if (batch.length > 0) expect(staying.length).toBeGreaterThan(0);
        const first = queue[0];
        const fits =
          first && Math.ceil((first.promptLength + 1) / 256) + grown <= free && staying.length < limits.maxBatch;
        if (fits && plan.preempted.length === 0) expect(plan.joining[0]).toBe(first.id);
      },
    ),
  );
});
