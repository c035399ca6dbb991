import { z } from 'zod';
import type { ReaderConfig } from './reader-config.js';
import { checkSnapshotFile, readSnapshotJson, requireSnapshotJson } from './snapshot-files.js';

const count = z.number().int().min(1).max(1_000_000);
const positive = z.number().positive();
const tokenIds = z.union([z.number().int().min(0), z.array(z.number().int().min(0)).min(1)]);

const ropeSchema = z.looseObject({
  rope_theta: positive.optional(),
  mrope_section: z.tuple([count, count, count]).optional(),
});

// Defaults are the values of the published checkpoints, which leave out what the class default already says.
const textSchema = z.looseObject({
  hidden_size: count.default(1024),
  intermediate_size: count.default(3072),
  num_hidden_layers: count.default(18),
  num_attention_heads: count.default(16),
  num_key_value_heads: count.default(2),
  head_dim: count.default(128),
  vocab_size: count.default(103_424),
  rms_norm_eps: positive.default(1e-5),
  hidden_act: z.literal('silu').default('silu'),
  use_bias: z.literal(false).default(false),
  rope_theta: positive.optional(),
  rope_scaling: ropeSchema.nullish(),
  rope_parameters: ropeSchema.nullish(),
  max_position_embeddings: count.default(131_072),
  tie_word_embeddings: z.boolean().optional(),
});

const visionSchema = z.looseObject({
  hidden_size: count.default(1152),
  intermediate_size: count.default(4304),
  num_hidden_layers: count.default(27),
  num_attention_heads: count.default(16),
  num_channels: z.literal(3).default(3),
  patch_size: count.default(14),
  image_size: count.default(384),
  layer_norm_eps: positive.default(1e-6),
  hidden_act: z.enum(['gelu_pytorch_tanh']).default('gelu_pytorch_tanh'),
  spatial_merge_size: count.default(2),
  rope_theta: positive.optional(),
  rope_parameters: ropeSchema.nullish(),
});

const configSchema = z.looseObject({
  model_type: z.literal('paddleocr_vl'),
  vision_config: visionSchema.prefault({}),
  text_config: z.looseObject({}).nullish(),
  image_token_id: z.number().int().min(0).default(100_295),
  eos_token_id: tokenIds.nullish(),
  tie_word_embeddings: z.boolean().optional(),
});

const generationSchema = z.looseObject({ eos_token_id: tokenIds.nullish() });

/**
 * Reads `config.json` and `generation_config.json`. The values of the decoder may stand at the root, as the published
 * checkpoints have them, or in `text_config`, as transformers 5 writes them; the nested ones win.
 * Throws MODEL_NOT_FOUND or MODEL_INVALID naming the field.
 */
export function readReaderConfig(folder: string): ReaderConfig {
  const name = 'config.json';
  const root = checkSnapshotFile(configSchema, requireSnapshotJson(folder, name), folder, name);
  const nested = Object.fromEntries(Object.entries(root.text_config ?? {}).filter(([, value]) => value !== null));
  const text = checkSnapshotFile(textSchema, { ...root, ...nested }, folder, name);
  const generationName = 'generation_config.json';
  const generation = checkSnapshotFile(
    generationSchema,
    readSnapshotJson(folder, generationName) ?? {},
    folder,
    generationName,
  );
  const vision = root.vision_config;
  const rope = { ...text.rope_scaling, ...text.rope_parameters };
  const config: ReaderConfig = {
    vision: {
      hiddenSize: vision.hidden_size,
      intermediateSize: vision.intermediate_size,
      layerCount: vision.num_hidden_layers,
      headCount: vision.num_attention_heads,
      patchSize: vision.patch_size,
      positionGridSize: Math.floor(vision.image_size / vision.patch_size),
      layerNormEps: vision.layer_norm_eps,
      ropeTheta: vision.rope_parameters?.rope_theta ?? vision.rope_theta ?? 10_000,
      mergeSize: vision.spatial_merge_size,
    },
    text: {
      hiddenSize: text.hidden_size,
      intermediateSize: text.intermediate_size,
      layerCount: text.num_hidden_layers,
      headCount: text.num_attention_heads,
      kvHeadCount: text.num_key_value_heads,
      headDim: text.head_dim,
      vocabSize: text.vocab_size,
      rmsNormEps: text.rms_norm_eps,
      ropeTheta: rope.rope_theta ?? text.rope_theta ?? 500_000,
      mropeSection: rope.mrope_section ?? [16, 24, 24],
      maxPositions: text.max_position_embeddings,
    },
    imageTokenId: root.image_token_id,
    eosTokenIds: [generation.eos_token_id ?? root.eos_token_id ?? 2].flat(),
    tieWordEmbeddings: root.tie_word_embeddings ?? text.tie_word_embeddings ?? false,
  };
  checkSnapshotFile(consistent, config, folder, name);
  return config;
}

const consistent = z.custom<ReaderConfig>().superRefine(({ vision, text }, context) => {
  const refuse = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
  if (vision.hiddenSize % (vision.headCount * 4) !== 0) {
    refuse('vision_config.hidden_size', 'the size of a head must be a multiple of 4');
  }
  if (vision.positionGridSize < 1) refuse('vision_config.image_size', 'must be at least patch_size');
  if (text.headCount % text.kvHeadCount !== 0) {
    refuse('num_key_value_heads', `${text.headCount} heads cannot share ${text.kvHeadCount}`);
  }
  const sum = text.mropeSection.reduce((total, size) => total + size, 0);
  if (sum * 2 !== text.headDim) refuse('mrope_section', `sums to ${sum}, half of head_dim ${text.headDim} is needed`);
});
