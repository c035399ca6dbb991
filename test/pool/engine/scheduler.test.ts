import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  planStep,
  type RunningSequence,
  type SchedulerLimits,
  type WaitingSequence,
} from '../../../pool/engine/scheduler.js';

const limits: SchedulerLimits = {
  maxBatch: 8,
  blockSize: 64,
  blockCount: 64,
  prefillTokenBudget: 1000,
  visionPatchBudget: 1000,
  visionRunPatches: 400,
  shortRun: 8,
  longRun: 32,
};
const waiting = (id: number, promptLength = 100, patchCounts = [100]): WaitingSequence => ({
  id,
  promptLength,
  patchCounts,
});
const running = (id: number, length = 100, remaining = 500, isStreamed = false): RunningSequence => ({
  id,
  length,
  remaining,
  isStreamed,
});
const joined = (plan: ReturnType<typeof planStep>) => plan.prefill.flat().sort((a, b) => a - b);

describe('joining', () => {
  it('plans nothing when nothing is there', () => {
    expect(planStep([], [], limits)).toEqual({ vision: [], prefill: [], preempted: [], decodeSteps: 0 });
  });

  it('takes waiting sequences in order while the prompt budget lasts', () => {
    expect(
      joined(
        planStep(
          [1, 2, 3, 4].map((id) => waiting(id, 300)),
          [],
          limits,
        ),
      ),
    ).toEqual([1, 2, 3]);
  });

  it('takes a prompt larger than the budget, alone', () => {
    expect(joined(planStep([waiting(1, 2000), waiting(2)], [], limits))).toEqual([1]);
  });

  it('takes a picture larger than the patch budget, alone', () => {
    expect(joined(planStep([waiting(1, 100, [5000]), waiting(2)], [], limits))).toEqual([1]);
  });

  it('lets nothing overtake a sequence that does not fit', () => {
    const full = [running(9, 2000)];
    expect(joined(planStep([waiting(1, 3000), waiting(2, 10)], full, limits))).toEqual([]);
  });

  it('keeps to the rows of the batch', () => {
    const plan = planStep(
      [1, 2, 3].map((id) => waiting(id)),
      [10, 11, 12, 13, 14, 15, 16].map((id) => running(id)),
      limits,
    );
    expect(joined(plan)).toEqual([1]);
  });
});

describe('runs', () => {
  it('puts pictures of one size together, up to the size of a run', () => {
    const plan = planStep([waiting(1, 50, [100, 200]), waiting(2, 50, [100]), waiting(3, 50, [200])], [], limits);
    expect(plan.vision).toEqual([
      [
        { id: 1, image: 0 },
        { id: 2, image: 0 },
      ],
      [
        { id: 1, image: 1 },
        { id: 3, image: 0 },
      ],
    ]);
    expect(planStep([waiting(1, 50, [300]), waiting(2, 50, [300])], [], limits).vision).toHaveLength(2);
  });

  it('puts prompts of about one length together', () => {
    const plan = planStep([waiting(1, 100), waiting(2, 200), waiting(3, 110)], [], limits);
    expect(plan.prefill).toEqual([[1, 3], [2]]);
  });

  it('decodes long runs when nothing waits, short ones when something does or streams', () => {
    expect(planStep([], [running(1)], limits).decodeSteps).toBe(32);
    expect(planStep([waiting(2, 4000)], [running(1)], limits).decodeSteps).toBe(8);
    expect(planStep([], [running(1, 100, 500, true)], limits).decodeSteps).toBe(8);
  });

  it('decodes no more than any sequence may still generate', () => {
    expect(planStep([], [running(1, 100, 3), running(2, 100, 5)], limits).decodeSteps).toBe(5);
  });
});

describe('preemption', () => {
  it('lets the youngest give way when the cache is full, and nothing join meanwhile', () => {
    const plan = planStep(
      [waiting(5, 10)],
      [1, 2, 3].map((id) => running(id, 1344)),
      limits,
    );
    expect(plan.preempted).toEqual([3]);
    expect(plan.prefill).toEqual([]);
  });

  it('never preempts a sequence that runs alone', () => {
    expect(planStep([], [running(1, 5000)], limits)).toMatchObject({ preempted: [], decodeSteps: 1 });
  });
});

it('never plans more blocks or rows than there are, and always makes progress', () => {
  const sequence = fc.record({ length: fc.integer({ min: 1, max: 1500 }), patches: fc.integer({ min: 4, max: 2000 }) });
  fc.assert(
    fc.property(fc.array(sequence, { maxLength: 12 }), fc.array(sequence, { maxLength: 8 }), (waits, runs) => {
      const waitingList = waits.map(({ length, patches }, id) => waiting(100 + id, length, [patches]));
      const runningList = runs.map(({ length }, id) => running(id, length));
      const plan = planStep(waitingList, runningList, limits);
      const staying = runningList.filter(({ id }) => !plan.preempted.includes(id));
      const ids = joined(plan);
      const lengths = [...staying.map(({ length }) => length), ...ids.map((id) => waits[id - 100].length)];
      const rows = lengths.length;
      expect(rows).toBeLessThanOrEqual(limits.maxBatch);
      if (rows > 1) {
        const columns = Math.ceil((Math.max(...lengths) + plan.decodeSteps) / limits.blockSize);
        expect(rows * columns).toBeLessThanOrEqual(limits.blockCount);
      }
      // Those that join are the first that wait, without gaps.
      expect(ids).toEqual(ids.map((_, index) => 100 + index));
      if (waits.length + runs.length > 0) expect(ids.length + staying.length).toBeGreaterThan(0);
      expect(
        plan.vision
          .flat()
          .map(({ id }) => id)
          .sort((a, b) => a - b),
      ).toEqual(ids);
    }),
  );
});
