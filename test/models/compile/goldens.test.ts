import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileModel } from '../../../models/compile/compile-model.js';
import { createVisionInputs } from '../../../models/generation/vision-inputs.js';
import type { CropPatches } from '../../../models/image/crop-patches.js';
import { type ModelFolder, openModel } from '../../../models/open-model.js';
import { openTokenizer } from '../../../models/tokenizer/open-tokenizer.js';
import { openSession } from '../../../pool/engine/session.js';
import { type GreedyReader, openGreedyReader, promptFor } from '../../support/greedy-reader.js';
import { loadPocketSamples, type PocketSample, pocketDir } from '../../support/pocket-samples.js';

let cache: string;
let model: ModelFolder;
let reader: GreedyReader;
let samples: PocketSample[];
let crops: { patches: PocketSample['patches']; promptIds: readonly number[] }[];

beforeAll(async () => {
  cache = mkdtempSync(join(tmpdir(), 'quire-goldens-'));
  model = await openModel(pocketDir);
  samples = await loadPocketSamples(model);
  const { promptTemplate } = openTokenizer(model);
  crops = samples.map(({ patches, task }) => ({ patches, promptIds: promptFor(promptTemplate, model, patches, task) }));
  reader = await openGreedyReader(model, await compileModel(model, { device: 'cpu', precision: 'fp32' }, cache));
});
afterAll(async () => {
  await reader?.close();
  rmSync(cache, { recursive: true, force: true });
});

it('cuts the samples to the grids and prompts of the reference', () => {
  expect(samples.map(({ patches }) => [1, patches.gridHeight, patches.gridWidth])).toEqual(samples.map((s) => s.grid));
  expect(crops.map(({ promptIds }) => promptIds.length)).toEqual(samples.map((sample) => sample.promptLength));
});

it('reads each of the samples token for token', async () => {
  for (const [index, crop] of crops.entries()) {
    const [reading] = await reader.read([crop]);
    expect(reading.tokenIds, samples[index].file).toEqual(samples[index].tokenIds);
  }
});

it('reads all samples in one batch, in runs of a few steps, as it reads them alone', async () => {
  const readings = await reader.read(crops, { stepsPerRun: 16 });
  expect(readings.map(({ tokenIds }) => tokenIds)).toEqual(samples.map(({ tokenIds }) => tokenIds));
  for (const { logprobs } of readings) expect(Math.max(...logprobs)).toBeLessThanOrEqual(1e-5);
});

it('reads them the same in int8, alone and batched', async () => {
  const compiled = await compileModel(model, { device: 'cpu', precision: 'int8' }, cache);
  const int8 = await openGreedyReader(model, compiled);
  const batched = await int8.read(crops);
  expect(batched.map(({ tokenIds }) => tokenIds)).toEqual(samples.map(({ tokenIds }) => tokenIds));
  const [alone] = await int8.read([crops[8]]);
  expect(alone.tokenIds).toEqual(batched[8].tokenIds);
  // Rounding to int8 makes a large step of a small difference between the kernels for few and for many rows.
  alone.logprobs.forEach((logprob, index) => {
    expect(logprob).toBeCloseTo(batched[8].logprobs[index], 1);
  });
  await int8.close();
});

it.each(['fp32', 'int8'] as const)('embeds several images of a run like each alone in %s', async (precision) => {
  const compiled = await compileModel(model, { device: 'cpu', precision }, cache);
  const session = await openSession(compiled.graphs.vision, { device: { kind: 'cpu' }, threadCount: 2 });
  const run = async (images: CropPatches[]) =>
    (await session.run({ ...createVisionInputs(images, model.reader.vision, 'corners') })).image_embeds
      .data as Float32Array;
  const bytes = (count: number, step: number) => Uint8Array.from({ length: count * 588 }, (_, i) => (i * step) % 256);
  const dark = { gridHeight: 4, gridWidth: 6, patches: bytes(24, 1).map((value) => value / 4) };
  const wide = { gridHeight: 2, gridWidth: 12, patches: bytes(24, 37) };
  const together = await run([dark, wide]);
  const alone = [...(await run([dark])), ...(await run([wide]))];
  const tolerance = precision === 'int8' ? 0 : 1e-4;
  alone.forEach((value, index) => {
    expect(Math.abs(value - together[index])).toBeLessThanOrEqual(tolerance);
  });
  const grey = { gridHeight: 4, gridWidth: 6, patches: bytes(8, 37), isGrey: true };
  const channels = (at: number) => grey.patches[Math.floor(at / 588) * 196 + (at % 196)];
  const coloured = { ...dark, patches: Uint8Array.from({ length: 24 * 588 }, (_, at) => channels(at)) };
  expect(await run([grey])).toEqual(await run([coloured]));
  await session.close();
});

it('computes the image embeddings of the reference', async () => {
  for (const name of ['00_en_line', '05_zh_block']) {
    const stages = JSON.parse(readFileSync(join(pocketDir, 'samples', `${name}.stages.json`), 'utf8')) as {
      image_embeddings_rows_f64: number[][];
      first_step_logits_top20_f64: number[];
    };
    const sample = samples.find(({ file }) => file === `${name}.png`) as PocketSample;
    const { data, dims } = await reader.embed(sample.patches);
    stages.image_embeddings_rows_f64.forEach((row, index) => {
      const found = data.subarray(index * dims[1], (index + 1) * dims[1]);
      const worst = row.reduce((largest, value, column) => Math.max(largest, Math.abs(value - found[column])), 0);
      expect(worst).toBeLessThan(1e-3);
    });
  }
});
