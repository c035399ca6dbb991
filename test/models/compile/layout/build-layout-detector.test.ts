import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExternalDataFile } from '../../../../models/compile/external-data.js';
import { buildLayoutDetector } from '../../../../models/compile/layout/build-layout-detector.js';
import { writeModel } from '../../../../models/compile/onnx-writer.js';
import { SafetensorsReader } from '../../../../models/compile/safetensors-reader.js';
import { openWeights } from '../../../../models/compile/weights-files.js';
import { readDetectorConfig } from '../../../../models/layout/detector-config.js';
import type { NamedTensors, Session } from '../../../../models/session.js';
import { openSession } from '../../../../pool/engine/session.js';

const folder = fileURLToPath(new URL('../../../../models/pocket/layout', import.meta.url));
const golden = new SafetensorsReader(join(folder, 'samples'), ['golden.safetensors']);
const readJson = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const config = readDetectorConfig(readJson('config.json'), readJson('preprocessor_config.json'));
const { num_queries: queryCount, decoder_layers: layerCount, num_prototypes: prototypeCount } = config;
const tolerance = 1e-3;

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'quire-layout-'));
});
afterAll(() => {
  golden.close();
  rmSync(scratch, { recursive: true });
});

/** The uint8 pixels of the golden, which the reader of float tensors does not give. */
function goldenPixels(): Uint8Array {
  const file = readFileSync(join(folder, 'samples', 'golden.safetensors'));
  const headerEnd = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, headerEnd).toString());
  const [start, end] = header.pixel_values_u8.data_offsets;
  return new Uint8Array(file.subarray(headerEnd + start, headerEnd + end));
}

async function openDetector(name: string, options: Parameters<typeof buildLayoutDetector>[2]): Promise<Session> {
  const weights = openWeights(folder);
  const data = new ExternalDataFile(join(scratch, `${name}.data`));
  writeModel(join(scratch, `${name}.onnx`), buildLayoutDetector(weights, config, options), data);
  data.close(true);
  weights.close();
  return openSession(join(scratch, `${name}.onnx`), { device: { kind: 'cpu' }, threadCount: 2 });
}

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

describe('layout detector of the embedded bundle', () => {
  const pixels = goldenPixels();
  let outputs: NamedTensors;
  const output = (name: string, start = 0, end?: number) => (outputs[name].data as Float32Array).subarray(start, end);
  const differenceOf = (name: string) => largestDifference(output(name), golden.floats(name));

  beforeAll(async () => {
    const session = await openDetector('traced', { masks: true, traces: true });
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
    const area = expected.length / 2;
    const masks = new Float32Array(expected.length);
    for (let query = 0; query < 2; query++) {
      for (let prototype = 0; prototype < prototypeCount; prototype++) {
        const share = output('mask_queries')[query * prototypeCount + prototype];
        const feature = output('mask_features', prototype * area, (prototype + 1) * area);
        for (let index = 0; index < area; index++) masks[query * area + index] += share * feature[index];
      }
    }
    // Mask logits reach hundreds.
    const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 1);
    expect(largestDifference(masks, expected) / largest).toBeLessThan(1e-5);
  });

  it('answers a page alike alone and in a batch', async () => {
    const session = await openDetector('plain', {});
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
