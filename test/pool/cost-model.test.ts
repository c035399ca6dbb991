import { expect, it } from 'vitest';
import { createCostModel } from '../../pool/cost-model.js';

const crop = (kind: 'ocr' | 'table', imageTokenCount: number, maxTokens = 4096) => ({
  kind,
  imageTokenCount,
  promptTokenCount: imageTokenCount + 20,
  maxTokens,
});

it('makes larger crops cost more', () => {
  const model = createCostModel();
  expect(model.cropCost(crop('ocr', 200))).toBeGreaterThan(model.cropCost(crop('ocr', 50)) * 2);
});

it('counts no more output than the limit allows', () => {
  const model = createCostModel();
  expect(model.cropCost(crop('ocr', 200, 1))).toBeLessThan(model.cropCost(crop('ocr', 200)));
});

it('learns how much text a kind of crop gives, each kind for itself', () => {
  const model = createCostModel();
  const tableBefore = model.cropCost(crop('table', 100));
  for (let turn = 0; turn < 200; turn++) {
    model.learnCrop(crop('ocr', 100), { outputTokenCount: 300, encodeMs: 60, decodeMs: 300 });
  }
  // 120 prompt tokens at half a millisecond, 300 output tokens at one.
  expect(model.cropCost(crop('ocr', 100))).toBeCloseTo(60 + 300, -1);
  expect(model.cropCost(crop('table', 100))).toBeCloseTo(tableBefore, -1);
});

it('learns what the device takes for a token', () => {
  const model = createCostModel();
  for (let turn = 0; turn < 200; turn++) {
    model.learnCrop(crop('ocr', 100), { outputTokenCount: 70, encodeMs: 12, decodeMs: 7 });
  }
  expect(model.cropCost(crop('ocr', 100))).toBeCloseTo(19, 0);
});

it('learns what a page of so many pixels costs', () => {
  const model = createCostModel();
  for (let turn = 0; turn < 200; turn++) model.learnPage(2_000_000, 900);
  expect(model.pageCost(1_000_000)).toBeCloseTo(450, 0);
});

it('is not thrown off by an answer without numbers', () => {
  const model = createCostModel();
  const before = model.cropCost(crop('ocr', 100));
  model.learnCrop(
    { ...crop('ocr', 0), promptTokenCount: 0 },
    { outputTokenCount: 0, encodeMs: Number.NaN, decodeMs: 0 },
  );
  expect(Number.isFinite(model.cropCost(crop('ocr', 100)))).toBe(true);
  expect(before).toBeGreaterThan(0);
});
