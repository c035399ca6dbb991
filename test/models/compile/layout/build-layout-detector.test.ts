import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildLayoutDetector, traceNames } from '../../../../models/compile/layout/build-layout-detector.js';
import { SafetensorsReader } from '../../../../models/compile/safetensors-reader.js';
import { openWeights } from '../../../../models/compile/weights-files.js';
import type { NamedTensors } from '../../../../models/session.js';
import { openSnapshot, readBytesTensor, snapshotConfig } from '../../../support/detector-snapshot.js';

const folder = fileURLToPath(new URL('../../../../models/pocket/layout', import.meta.url));
const golden = new SafetensorsReader(join(folder, 'samples'), ['golden.safetensors']);
const { num_queries: queryCount, decoder_layers: layerCount, num_prototypes: prototypeCount } = snapshotConfig(folder);
const tolerance = 1e-3;

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'quire-layout-'));
});
afterAll(() => {
  golden.close();
  rmSync(scratch, { recursive: true });
});

function largestDifference(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  let largest = 0;
  for (let index = 0; index < expected.length; index++) {
    // Infinities and NaN must not pass as small.
    const difference = Math.abs(actual[index] - expected[index]);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

/** Mask logits of the first queries, `[count, height * width]`. */
function maskLogits(queries: Float32Array, features: Float32Array, prototypes: number, count: number): Float32Array {
  const area = features.length / prototypes;
  const masks = new Float32Array(count * area);
  for (let query = 0; query < count; query++) {
    for (let prototype = 0; prototype < prototypes; prototype++) {
      const share = queries[query * prototypes + prototype];
      for (let index = 0; index < area; index++) {
        masks[query * area + index] += share * features[prototype * area + index];
      }
    }
  }
  return masks;
}

describe('layout detector of the embedded bundle', () => {
  const pixels = readBytesTensor(join(folder, 'samples', 'golden.safetensors'), 'pixel_values_u8');
  let outputs: NamedTensors;
  const output = (name: string, start = 0, end?: number) => (outputs[name].data as Float32Array).subarray(start, end);
  const differenceOf = (name: string) => largestDifference(output(name), golden.floats(name));

  beforeAll(async () => {
    const session = await openSnapshot(folder, join(scratch, 'traced'), { masks: true, traces: true });
    outputs = await session.run({ pixel_values: { type: 'uint8', dims: [1, 3, 640, 640], data: pixels } });
    await session.close();
  });

  it('selects the same queries', () => {
    expect(differenceOf('enc_topk_logits')).toBeLessThan(tolerance);
    expect(differenceOf('init_reference_points')).toBeLessThan(tolerance);
  });

  it('gives the logits and boxes of every decoder layer', () => {
    expect(outputs.intermediate_boxes.dims).toEqual([1, layerCount, queryCount, 4]);
    expect(differenceOf('intermediate_logits')).toBeLessThan(tolerance);
    expect(differenceOf('intermediate_boxes')).toBeLessThan(tolerance);
    expect(differenceOf('logits')).toBeLessThan(tolerance);
    expect(differenceOf('pred_boxes')).toBeLessThan(tolerance);
  });

  it('gives the reading order above the diagonal', () => {
    const upper = (logits: Float32Array) =>
      logits.filter((_, index) => index % queryCount > Math.floor(index / queryCount));
    const difference = largestDifference(upper(output('order_logits')), upper(golden.floats('order_logits_upper')));
    expect(difference).toBeLessThan(tolerance);
  });

  it('gives masks as the product of mask queries and mask features', () => {
    const expected = golden.floats('out_masks_first2');
    const masks = maskLogits(output('mask_queries'), output('mask_features'), prototypeCount, 2);
    // Mask logits reach hundreds.
    const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 1);
    expect(largestDifference(masks, expected) / largest).toBeLessThan(1e-5);
  });

  it('answers a page alike alone and in a batch', async () => {
    const session = await openSnapshot(folder, join(scratch, 'plain'), {});
    expect([...session.outputNames].sort()).toEqual(['logits', 'order_logits', 'pred_boxes']);
    const inverted = pixels.map((value) => 255 - value);
    const batch = new Uint8Array(pixels.length * 2);
    batch.set(inverted);
    batch.set(pixels, pixels.length);
    const both = await session.run({ pixel_values: { type: 'uint8', dims: [2, 3, 640, 640], data: batch } });
    await session.close();
    for (const name of ['logits', 'pred_boxes']) {
      const second = both[name].data.subarray(both[name].data.length / 2) as Float32Array;
      expect(largestDifference(second, golden.floats(name))).toBeLessThan(tolerance);
    }
  });
});

describe('layout detector that starts from its masks', () => {
  const other = fileURLToPath(new URL('../../../fixtures/layout-masks', import.meta.url));

  it('matches the reference, with a published checkpoint’s tensor names and every option the other lacks', async () => {
    const expected = new SafetensorsReader(other, ['golden.safetensors']);
    const session = await openSnapshot(other, join(scratch, 'masks'), { traces: true });
    const data = readBytesTensor(join(other, 'golden.safetensors'), 'pixel_values_u8');
    const outputs = await session.run({ pixel_values: { type: 'uint8', dims: [1, 3, 96, 64], data } });
    await session.close();
    const values = (name: string) => outputs[name].data as Float32Array;
    for (const name of [...traceNames, 'logits', 'pred_boxes']) {
      expect(largestDifference(values(name), expected.floats(name)), name).toBeLessThan(tolerance);
    }
    const count = outputs.logits.dims[1];
    const upper = (logits: Float32Array) => logits.filter((_, index) => index % count > Math.floor(index / count));
    const orders = [values('order_logits'), expected.floats('order_logits')].map(upper);
    expect(largestDifference(orders[0], orders[1])).toBeLessThan(tolerance);
    const masks = maskLogits(values('mask_queries'), values('mask_features'), outputs.mask_queries.dims[2], count);
    expect(largestDifference(masks, expected.floats('out_masks'))).toBeLessThan(tolerance);
    expected.close();
  });
});

it('names the tensor that is missing or does not fit', () => {
  const weights = openWeights(folder);
  const config = snapshotConfig(folder);
  const build = (changes: Partial<typeof config>) => () => buildLayoutDetector(weights, { ...config, ...changes });
  expect(build({ num_prototypes: 16 })).not.toThrow();
  expect(build({ num_prototypes: 16, mask_enhanced: true })).toThrow(
    /encoder_mask_output\.conv\.weight.*\[32, 32, 1, 1\]/,
  );
  expect(build({ decoder_layers: 4 })).toThrow(/model\.decoder\.layers\.3\.self_attn\.q_proj\.weight is missing/);
  expect(build({ tie_word_embeddings: false })).toThrow(/decoder\.bbox_embed/);
  weights.close();
});
