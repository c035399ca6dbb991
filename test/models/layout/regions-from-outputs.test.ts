import { expect, it } from 'vitest';
import { ModelError } from '../../../models/errors.js';
import { detectorOutputs, readingRanks, regionsFromOutputs } from '../../../models/layout/regions-from-outputs.js';

const classCount = 25;

/** Three queries; `scores` as [query, class, logit], all other logits far below. */
function outputs(scores: [number, number, number][], order = [-9, -9, -9]) {
  const logits = new Float32Array(3 * classCount).fill(-20);
  for (const [query, classId, logit] of scores) logits[query * classCount + classId] = logit;
  const [first, second, third] = order;
  return {
    queryCount: 3,
    logits,
    boxes: Float32Array.of(0.5, 0.5, 0.2, 0.1, 0.25, 0.25, 0.5, 0.5, 0, 0, 0.2, 0.2),
    // Below the diagonal lies what must not be read.
    orderLogits: Float32Array.of(50, first, second, 50, 50, third, 50, 50, 50),
  };
}

it('ranks queries by the votes of all pairs', () => {
  expect([...readingRanks(outputs([], [9, 9, 9]))]).toEqual([0, 1, 2]);
  expect([...readingRanks(outputs([], [-9, -9, -9]))]).toEqual([2, 1, 0]);
  expect([...readingRanks(outputs([], [-9, 9, 9]))]).toEqual([1, 0, 2]);
});

it('gives corners in page pixels by ascending rank, unclipped', () => {
  const found = regionsFromOutputs(
    outputs([
      [0, 22, 2],
      [1, 21, 1],
      [2, 6, 0],
    ]),
    { width: 200, height: 100 },
  );
  expect(found.map(({ label, rank, query }) => [label, rank, query])).toEqual([
    ['doc_title', 0, 2],
    ['table', 1, 1],
    ['text', 2, 0],
  ]);
  expect(found[0].box.map((edge) => Math.round(edge))).toEqual([-20, -10, 20, 10]);
  expect(found[2].box.map((edge) => Math.round(edge))).toEqual([80, 45, 120, 55]);
  expect(found[2].score).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
});

it('keeps as many rows as queries, of any query, and those at the threshold', () => {
  const rows: [number, number, number][] = [
    [0, 22, 3],
    [0, 21, 2],
    [1, 0, 1],
    [2, 1, 0.5],
  ];
  const found = regionsFromOutputs(outputs(rows), { width: 10, height: 10 }, 0);
  expect(found.map(({ query, label }) => `${query} ${label}`).sort()).toEqual(['0 table', '0 text', '1 abstract']);
  const exact = regionsFromOutputs(
    outputs([
      [0, 22, 0],
      [1, 22, -0.1],
    ]),
    { width: 10, height: 10 },
    0.5,
  );
  expect(exact.map(({ query }) => query)).toEqual([0]);
});

it('takes one page of a batch and refuses other shapes', () => {
  const tensor = (width: number) => ({
    type: 'float32' as const,
    dims: [2, 3, width],
    data: Float32Array.from({ length: 6 * width }, (_, index) => index),
  });
  const tensors = { logits: tensor(classCount), pred_boxes: tensor(4), order_logits: tensor(3) };
  expect(detectorOutputs(tensors, 1).boxes[0]).toBe(12);
  expect(() => detectorOutputs({ ...tensors, pred_boxes: tensor(5) })).toThrow(ModelError);
  expect(() => detectorOutputs({})).toThrow(/output logits/);
});
