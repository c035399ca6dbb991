import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelErrorCode } from '../../models/errors.js';
import { openModel } from '../../models/open-model.js';
import { pocketDir } from '../support/pocket-samples.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quire-model-'));
  cpSync(pocketDir, folder, { recursive: true, filter: (path) => !path.includes('samples') });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Json = Record<string, unknown>;

function edit(name: string, change: (file: Json) => Json | undefined): void {
  const file = JSON.parse(readFileSync(join(pocketDir, name), 'utf8')) as Json;
  writeFileSync(join(folder, name), JSON.stringify(change(file) ?? file));
}

async function expectFault(code: ModelErrorCode, message: RegExp): Promise<void> {
  await expect(openModel(folder)).rejects.toMatchObject({
    name: 'ModelError',
    code,
    message: expect.stringMatching(message),
  });
}

describe('openModel', () => {
  it('reads the embedded bundle', async () => {
    const model = await openModel(pocketDir);
    expect(model.name).toBe('pocket');
    expect(model.manifest).toMatchObject({ visionPositionAlign: 'corners', lineBreaks: 'printed', aliases: [] });
    expect(model.reader.vision).toEqual({
      hiddenSize: 256,
      intermediateSize: 1024,
      layerCount: 10,
      headCount: 4,
      patchSize: 14,
      positionGridSize: 27,
      layerNormEps: 1e-6,
      ropeTheta: 10_000,
      mergeSize: 2,
    });
    expect(model.reader.text).toMatchObject({
      kvHeadCount: 2,
      headDim: 64,
      ropeTheta: 10_000,
      mropeSection: [8, 12, 12],
    });
    expect(model.reader).toMatchObject({ imageTokenId: 7, eosTokenIds: [2], tieWordEmbeddings: true });
    expect(model.imageProcessor).toMatchObject({ minPixels: 12_544, maxPixels: 401_408, patchSize: 14, mergeSize: 2 });
    expect(model.chatTemplate).toContain('Assistant:');
    expect(model.layout?.weightsId).toMatch(/^[0-9a-f]{64}$/);
  });

  it('fills what published configs leave out, flat or nested, with the published values', async () => {
    const published = { model_type: 'paddleocr_vl', vision_config: {}, rope_scaling: { mrope_section: [16, 24, 24] } };
    edit('config.json', () => ({ ...published, num_hidden_layers: 4 }));
    rmSync(join(folder, 'generation_config.json'));
    rmSync(join(folder, 'preprocessor_config.json'));
    const { reader, imageProcessor } = await openModel(folder);
    expect(reader.text).toMatchObject({
      hiddenSize: 1024,
      intermediateSize: 3072,
      layerCount: 4,
      headCount: 16,
      kvHeadCount: 2,
      headDim: 128,
      vocabSize: 103_424,
      ropeTheta: 500_000,
      mropeSection: [16, 24, 24],
    });
    expect(reader.vision).toMatchObject({ hiddenSize: 1152, layerCount: 27, positionGridSize: 27, ropeTheta: 10_000 });
    expect(reader).toMatchObject({ imageTokenId: 100_295, eosTokenIds: [2], tieWordEmbeddings: false });
    expect(imageProcessor).toMatchObject({ minPixels: 112_896, maxPixels: 1_003_520, mean: [0.5, 0.5, 0.5] });

    const nested = { num_hidden_layers: 5, rope_parameters: { rope_theta: 7, mrope_section: [2, 3, 3] }, head_dim: 16 };
    edit('config.json', () => ({ ...published, num_hidden_layers: 4, text_config: nested }));
    expect((await openModel(folder)).reader.text).toMatchObject({
      layerCount: 5,
      ropeTheta: 7,
      mropeSection: [2, 3, 3],
    });
  });

  it('takes pixel limits from size, stop ids from a list and the template from older places', async () => {
    edit('preprocessor_config.json', () => ({ size: { shortest_edge: 3136, longest_edge: 6272 } }));
    edit('generation_config.json', () => ({ eos_token_id: [2, 5] }));
    rmSync(join(folder, 'chat_template.jinja'));
    edit('tokenizer_config.json', (file) => ({ ...file, chat_template: 'template' }));
    const model = await openModel(folder);
    expect(model.imageProcessor).toMatchObject({ minPixels: 3136, maxPixels: 6272 });
    expect(model.reader.eosTokenIds).toEqual([2, 5]);
    expect(model.chatTemplate).toBe('template');
  });

  it('needs neither a manifest nor a layout detector', async () => {
    rmSync(join(folder, 'quire.json'));
    rmSync(join(folder, 'layout'), { recursive: true });
    const model = await openModel(folder);
    expect(model.manifest).toMatchObject({ visionPositionAlign: 'half-pixel', lineBreaks: 'paragraphs' });
    expect(model.layout).toBeUndefined();
  });

  it('tells weights apart by their bytes', async () => {
    const before = (await openModel(folder)).weightsId;
    const path = join(folder, 'model.safetensors');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(path, bytes);
    expect((await openModel(folder)).weightsId).not.toBe(before);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(path, bytes);
    expect((await openModel(folder)).weightsId).toBe(before);
  });

  it('knows a copy of large weights as the same, though not as untouched', async () => {
    const path = join(folder, 'model.safetensors');
    // A file beyond the size that is hashed whole; its end is a hole.
    truncateSync(path, 129 * 1024 * 1024);
    const before = await openModel(folder);
    utimesSync(path, new Date(0), new Date(0));
    const touched = await openModel(folder);
    expect(touched.contentId).toBe(before.contentId);
    expect(touched.weightsId).not.toBe(before.weightsId);
  });

  it('names the missing file', async () => {
    await expect(openModel(join(folder, 'none'))).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    for (const name of ['config.json', 'tokenizer.json', 'chat_template.jinja', 'model.safetensors']) {
      const path = join(folder, name);
      rmSync(path);
      await expectFault('MODEL_NOT_FOUND', new RegExp(name));
      cpSync(join(pocketDir, name), path);
    }
  });

  it('names the file and the field at fault', async () => {
    const cases: [name: string, change: Json, message: RegExp][] = [
      ['config.json', { model_type: 'llama' }, /config\.json: field model_type/],
      ['config.json', { text_config: null, hidden_size: 'wide' }, /config\.json: field hidden_size/],
      [
        'config.json',
        { text_config: null, num_key_value_heads: 3 },
        /field num_key_value_heads: 4 heads cannot share 3/,
      ],
      [
        'config.json',
        { text_config: null, rope_scaling: { mrope_section: [1, 2, 3] } },
        /field mrope_section: sums to 6/,
      ],
      ['config.json', { vision_config: { hidden_act: 'relu' } }, /field vision_config\.hidden_act/],
      ['preprocessor_config.json', { min_pixels: 1e6, max_pixels: 1e5 }, /preprocessor_config\.json: field min_pixels/],
      ['preprocessor_config.json', { merge_size: 4 }, /preprocessor_config\.json: patch_size and merge_size/],
      ['quire.json', { lineBreaks: 'maybe' }, /quire\.json: field lineBreaks/],
      ['quire.json', { unheardOf: 1 }, /quire\.json: .*unheardOf/],
      ['layout/config.json', { model_type: 'yolo' }, /yolo/],
    ];
    for (const [name, change, message] of cases) {
      edit(name, (file) => ({ ...file, ...change }));
      await expectFault('MODEL_INVALID', message);
      cpSync(join(pocketDir, name), join(folder, name));
    }
    writeFileSync(join(folder, 'tokenizer.json'), '{');
    await expectFault('MODEL_INVALID', /tokenizer\.json is not JSON/);
  });
});
