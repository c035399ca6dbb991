import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ModelError } from '../../../models/errors.js';
import { readDetectorConfig } from '../../../models/layout/detector-config.js';
import { layoutLabels } from '../../../models/layout/region.js';

const read = (name: string) =>
  JSON.parse(readFileSync(fileURLToPath(new URL(`../../../models/pocket/layout/${name}`, import.meta.url)), 'utf8'));
const config = read('config.json');
const preprocessor = read('preprocessor_config.json');

const faultOf = (changes: object, processor: unknown = preprocessor) => {
  try {
    readDetectorConfig({ ...config, ...changes }, processor);
  } catch (error) {
    expect(error).toBeInstanceOf(ModelError);
    expect((error as ModelError).code).toBe('MODEL_INVALID');
    return (error as ModelError).message;
  }
  return undefined;
};

it('reads the embedded detector', () => {
  expect(readDetectorConfig(config, preprocessor)).toMatchObject({
    num_queries: 100,
    mask_enhanced: false,
    input: { size: { width: 640, height: 640 } },
  });
});

it('fills in the official sizes', () => {
  const id2label = Object.fromEntries(layoutLabels.entries());
  expect(readDetectorConfig({ model_type: 'pp_doclayout_v3', id2label }, {})).toMatchObject({
    num_queries: 300,
    d_model: 256,
    decoder_layers: 6,
    mask_enhanced: true,
    backbone_config: { stage_out_channels: [128, 512, 1024, 2048] },
    input: { size: { width: 800, height: 800 } },
  });
});

it('takes the shorter names some classes have', () => {
  const id2label = { ...config.id2label, 9: 'footer', 13: 'header', 23: 'text', 5: 'formula' };
  expect(faultOf({ id2label })).toBeUndefined();
});

it.each([
  ['another architecture', { model_type: 'pp_doclayout_v2' }, /pp_doclayout_v2.*not supported/],
  ['no architecture', { model_type: undefined }, /not supported/],
  ['other classes', { id2label: { ...config.id2label, 3: 'cat' } }, /id2label/],
  ['more classes', { id2label: { ...config.id2label, 25: 'text' } }, /id2label/],
  ['a wrong type', { num_queries: '100' }, /num_queries/],
  ['learned queries', { learn_initial_query: true }, /learn_initial_query/],
  [
    'learnable affine blocks',
    { backbone_config: { ...config.backbone_config, use_learnable_affine_block: true } },
    /use_learnable_affine_block/,
  ],
  ['widths that do not meet', { x4_feat_dim: 49 }, /x4_feat_dim/],
  ['heads that do not divide the width', { decoder_attention_heads: 7 }, /decoder_attention_heads/],
  ['strides that do not meet', { feat_strides: [4, 8, 16] }, /feat_strides/],
  [
    'a backbone of other strides',
    { backbone_config: { ...config.backbone_config, stem_strides: [2, 1, 1, 1, 1] } },
    /backbone/,
  ],
  ['an unknown activation', { activation_function: 'mish' }, /activation_function/],
])('refuses %s', (_, changes, message) => {
  expect(faultOf(changes)).toMatch(message);
});

it('refuses a size the feature maps do not divide', () => {
  expect(faultOf({}, { size: { width: 640, height: 650 } })).toMatch(/multiple of 32/);
});

it('refuses more queries than positions, and a deviation of zero', () => {
  expect(faultOf({}, { size: { width: 32, height: 32 } })).toMatch(/num_queries/);
  expect(faultOf({}, { ...preprocessor, image_std: [1, 0, 1] })).toMatch(/image_std/);
});
