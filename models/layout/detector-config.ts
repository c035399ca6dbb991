import { z } from 'zod';
import { ModelError } from '../errors.js';
import { layoutLabels } from './region.js';

const count = z.number().int().positive();
const perLevel = z.array(count).length(3);
const perStage = z.array(count).length(4);
const activation = z.enum(['relu', 'silu', 'gelu']);

/**
 * Names and defaults are those of HGNetV2Config in transformers. Only ReLU without affine blocks: ONNX Runtime folds the
 * stem's zero padding into the maximum after it, which is wrong where values can be negative.
 */
const backboneSchema = z.object({
  model_type: z.literal('hgnet_v2').default('hgnet_v2'),
  hidden_act: z.literal('relu').default('relu'),
  num_channels: z.literal(3).default(3),
  stem_channels: z.array(count).length(3).default([3, 32, 48]),
  stem_strides: z.array(count).length(5).default([2, 1, 1, 2, 1]),
  stage_in_channels: perStage.default([48, 128, 512, 1024]),
  stage_mid_channels: perStage.default([48, 96, 192, 384]),
  stage_out_channels: perStage.default([128, 512, 1024, 2048]),
  stage_num_blocks: perStage.default([1, 1, 3, 1]),
  stage_downsample: z.array(z.boolean()).length(4).default([false, true, true, true]),
  stage_downsample_strides: perStage.default([2, 2, 2, 2]),
  stage_light_block: z.array(z.boolean()).length(4).default([false, false, true, true]),
  stage_kernel_size: perStage.default([3, 3, 5, 5]),
  stage_numb_of_layers: perStage.default([6, 6, 6, 6]),
  use_learnable_affine_block: z.literal(false).default(false),
});

/** Names and defaults are those of PPDocLayoutV3Config in transformers; training-only fields are left out. */
const detectorSchema = z.object({
  model_type: z.literal('pp_doclayout_v3'),
  id2label: z.record(z.string(), z.string()),
  tie_word_embeddings: z.boolean().default(true),
  layer_norm_eps: z.number().positive().default(1e-5),
  batch_norm_eps: z.number().positive().default(1e-5),
  backbone_config: backboneSchema.nullish().transform((backbone) => backbone ?? backboneSchema.parse({})),
  encoder_hidden_dim: count.default(256),
  encoder_in_channels: perLevel.default([512, 1024, 2048]),
  feat_strides: perLevel.default([8, 16, 32]),
  encoder_layers: z.number().int().nonnegative().default(1),
  encoder_ffn_dim: count.default(1024),
  encoder_attention_heads: count.default(8),
  encode_proj_layers: z.array(z.number().int().min(0).max(2)).max(3).default([2]),
  positional_encoding_temperature: z.number().positive().default(10000),
  encoder_activation_function: activation.default('gelu'),
  activation_function: activation.default('silu'),
  eval_size: z.unknown().nullish(),
  normalize_before: z.boolean().default(false),
  hidden_expansion: z.number().positive().default(1),
  mask_feature_channels: z.array(count).length(2).default([64, 64]),
  x4_feat_dim: count.default(128),
  d_model: count.default(256),
  num_prototypes: count.default(32),
  mask_enhanced: z.boolean().default(true),
  num_queries: count.max(2000).default(300),
  decoder_in_channels: perLevel.default([256, 256, 256]),
  decoder_ffn_dim: count.default(1024),
  num_feature_levels: z.literal(3).default(3),
  decoder_n_points: count.default(4),
  decoder_layers: count.default(6),
  decoder_attention_heads: count.default(8),
  decoder_activation_function: activation.default('relu'),
  learn_initial_query: z.literal(false).default(false),
  anchor_image_size: z.array(count).length(2).nullish(),
  global_pointer_head_size: count.default(64),
});

const triple = z.tuple([z.number(), z.number(), z.number()]);

/** The fields of PPDocLayoutV3ImageProcessor that change pixels. */
const preprocessorSchema = z.object({
  size: z.object({ height: count.max(4096), width: count.max(4096) }).default({ height: 800, width: 800 }),
  rescale_factor: z
    .number()
    .positive()
    .default(1 / 255),
  image_mean: triple.default([0, 0, 0]),
  image_std: triple.refine((std) => std.every((value) => value > 0), 'must be positive').default([1, 1, 1]),
});

export type ActivationName = z.infer<typeof activation>;

export type BackboneConfig = Readonly<z.infer<typeof backboneSchema>>;

/** A PP-DocLayoutV3 detector: `config.json` with its defaults filled in, and what its image processor does. */
export interface DetectorConfig extends Readonly<Omit<z.infer<typeof detectorSchema>, 'id2label'>> {
  readonly input: Readonly<z.infer<typeof preprocessorSchema>>;
}

/**
 * Checks the two JSON files of a layout detector. Throws MODEL_INVALID for another architecture (V2 among them), a
 * field out of range, classes that are not PP-DocLayout's, or sizes that do not fit together.
 */
export function readDetectorConfig(config: unknown, preprocessor: unknown): DetectorConfig {
  const type = (config as { model_type?: unknown } | null)?.model_type;
  if (type !== 'pp_doclayout_v3') {
    throw invalid(`layout detectors of type ${JSON.stringify(type ?? null)} are not supported; use PP-DocLayoutV3`);
  }
  const { id2label, ...detector } = parse(detectorSchema, config, 'config.json');
  checkLabels(id2label);
  const checked = { ...detector, input: parse(preprocessorSchema, preprocessor, 'preprocessor_config.json') };
  checkSizes(checked);
  return checked;
}

function parse<T>(schema: z.ZodType<T>, value: unknown, fileName: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw invalid(`layout ${fileName}: ${issues.join('; ')}`);
}

/** Ids decide; published configs shorten some names (`footer` for `footer_image`), other names are another model's. */
function checkLabels(id2label: Readonly<Record<string, string>>): void {
  const isOurs = (label: string, id: number) =>
    id2label[id]?.split('_').every((word) => label.split('_').includes(word)) ?? false;
  if (Object.keys(id2label).length !== layoutLabels.length || !layoutLabels.every(isOurs)) {
    throw invalid(`layout config.json: id2label does not name the ${layoutLabels.length} classes of PP-DocLayoutV3`);
  }
}

/** Pixels of the page per position of each stage's feature map. */
function stageStrides(backbone: BackboneConfig): number[] {
  const [first, left, right, second, last] = backbone.stem_strides;
  let stride = first * left * right * second * last;
  return backbone.stage_downsample_strides.map((step, stage) => {
    stride *= backbone.stage_downsample[stage] ? step : 1;
    return stride;
  });
}

function checkSizes(config: DetectorConfig): void {
  const { backbone_config: backbone, input, feat_strides: strides, d_model: width } = config;
  const largest = strides[2];
  const positionCount = strides.reduce((sum, side) => sum + (input.size.width * input.size.height) / side ** 2, 0);
  const fits: [boolean, string][] = [
    [strides.join() === '8,16,32', 'feat_strides are not 8, 16 and 32'],
    [stageStrides(backbone).join() === '4,8,16,32', 'the strides of the backbone do not lead to feat_strides'],
    [backbone.stem_strides[1] === 1 && backbone.stem_strides[2] === 1, 'the two ways through the stem differ in size'],
    [config.num_queries <= positionCount, 'num_queries is larger than the number of positions'],
    [input.size.height % largest === 0 && input.size.width % largest === 0, `size is not a multiple of ${largest}`],
    [backbone.stem_channels[1] % 2 === 0, 'stem_channels are odd'],
    [backbone.stem_channels[2] === backbone.stage_in_channels[0], 'stem_channels do not lead into stage 1'],
    [backbone.stage_out_channels[0] === config.x4_feat_dim, 'x4_feat_dim is not the width of stage 1'],
    [config.encoder_in_channels.join() === backbone.stage_out_channels.slice(1).join(), 'encoder_in_channels'],
    [config.decoder_in_channels.every((size) => size === config.encoder_hidden_dim), 'decoder_in_channels'],
    [config.encoder_hidden_dim % 4 === 0, 'encoder_hidden_dim is not a multiple of 4'],
    [config.encoder_hidden_dim % config.encoder_attention_heads === 0, 'encoder_attention_heads'],
    [width % config.decoder_attention_heads === 0, 'decoder_attention_heads'],
    [
      (config.anchor_image_size ?? [input.size.height, input.size.width]).join() ===
        [input.size.height, input.size.width].join(),
      'anchor_image_size is not the size of the image processor',
    ],
  ];
  const fault = fits.find(([holds]) => !holds);
  if (fault) throw invalid(`layout config.json does not fit together: ${fault[1]}`);
}

function invalid(message: string): ModelError {
  return new ModelError('MODEL_INVALID', message);
}
