import { closeSync, cpSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Sizes of a snapshot; the defaults are those of the published 0.9B checkpoints. */
export interface SnapshotSizes {
  readonly vision: {
    readonly hidden: number;
    readonly intermediate: number;
    readonly layers: number;
    readonly heads: number;
    readonly image: number;
  };
  readonly text: {
    readonly hidden: number;
    readonly intermediate: number;
    readonly layers: number;
    readonly heads: number;
    readonly kvHeads: number;
    readonly headDim: number;
    readonly vocab: number;
    readonly mropeSection: readonly [number, number, number];
  };
}

export const publishedSizes: SnapshotSizes = {
  vision: { hidden: 1152, intermediate: 4304, layers: 27, heads: 16, image: 384 },
  text: {
    hidden: 1024,
    intermediate: 3072,
    layers: 18,
    heads: 16,
    kvHeads: 2,
    headDim: 128,
    vocab: 103_424,
    mropeSection: [16, 24, 24],
  },
};

/** A model of the published shape that compiles in no time. */
export const tinySizes: SnapshotSizes = {
  vision: { hidden: 32, intermediate: 48, layers: 1, heads: 2, image: 84 },
  text: {
    hidden: 32,
    intermediate: 40,
    layers: 1,
    heads: 4,
    kvHeads: 2,
    headDim: 16,
    vocab: 400,
    mropeSection: [2, 3, 3],
  },
};

export interface SnapshotOptions {
  readonly sizes?: SnapshotSizes;
  /** Tensor names as published, or as transformers 5 writes them. */
  readonly names?: 'published' | 'transformers5';
  /** Leaves out `lm_head.weight` and says so in the config. */
  readonly tied?: boolean;
  /** Number of weight files; more than one come with an index. */
  readonly fileCount?: number;
  readonly seed?: number;
}

type Tensor = readonly [name: string, shape: readonly number[], kind: 'matrix' | 'ones' | 'zeros'];

const bundleDir = fileURLToPath(new URL('../../models/pocket', import.meta.url));
const chunkCount = 1 << 20;

/**
 * Writes a snapshot folder in the layout of the published checkpoints with random bfloat16 weights, those included
 * that inference ignores. Tokenizer and template are the embedded bundle's. Memory stays at a few MB.
 */
export function writeRandomSnapshot(dir: string, options: SnapshotOptions = {}): void {
  const { sizes = publishedSizes, names = 'published', tied = false, fileCount = 1, seed = 1 } = options;
  mkdirSync(dir, { recursive: true });
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja', 'generation_config.json']) {
    cpSync(join(bundleDir, name), join(dir, name));
  }
  writeFileSync(join(dir, 'config.json'), JSON.stringify(configOf(sizes, tied), null, 2));
  const processor = {
    min_pixels: 112_896,
    max_pixels: 1_003_520,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
  };
  writeFileSync(join(dir, 'preprocessor_config.json'), JSON.stringify(processor));

  const random = createRandomBits(seed);
  const tensors = tensorsOf(sizes, names, tied);
  const perFile = Math.ceil(tensors.length / fileCount);
  const weightMap: Record<string, string> = {};
  for (let file = 0; file < fileCount; file++) {
    const part = tensors.slice(file * perFile, (file + 1) * perFile);
    const number = (value: number) => String(value).padStart(5, '0');
    const name =
      fileCount === 1 ? 'model.safetensors' : `model-${number(file + 1)}-of-${number(fileCount)}.safetensors`;
    writeWeights(join(dir, name), part, random);
    for (const [tensor] of part) weightMap[tensor] = name;
  }
  if (fileCount > 1) {
    writeFileSync(join(dir, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map: weightMap }));
  }
}

function configOf({ vision, text }: SnapshotSizes, tied: boolean): object {
  return {
    model_type: 'paddleocr_vl',
    image_token_id: 7,
    eos_token_id: 2,
    tie_word_embeddings: tied,
    hidden_size: text.hidden,
    intermediate_size: text.intermediate,
    num_hidden_layers: text.layers,
    num_attention_heads: text.heads,
    num_key_value_heads: text.kvHeads,
    head_dim: text.headDim,
    vocab_size: text.vocab,
    rope_theta: 500_000,
    rope_scaling: { mrope_section: text.mropeSection, type: 'default' },
    vision_config: {
      hidden_size: vision.hidden,
      intermediate_size: vision.intermediate,
      num_hidden_layers: vision.layers,
      num_attention_heads: vision.heads,
      image_size: vision.image,
    },
  };
}

function tensorsOf({ vision, text }: SnapshotSizes, names: 'published' | 'transformers5', tied: boolean): Tensor[] {
  const [visionName, projectorName, textName] =
    names === 'published'
      ? ['visual.vision_model.', 'mlp_AR.', 'model.']
      : ['model.visual.vision_model.', 'model.projector.', 'model.language_model.'];
  const tensors: Tensor[] = [];
  const matrix = (name: string, ...shape: number[]) => tensors.push([name, shape, 'matrix']);
  const affine = (name: string, size: number) => {
    tensors.push([`${name}.weight`, [size], 'ones'], [`${name}.bias`, [size], 'zeros']);
  };
  const dense = (name: string, outputs: number, inputs: number) => {
    matrix(`${name}.weight`, outputs, inputs);
    tensors.push([`${name}.bias`, [outputs], 'zeros']);
  };

  const { hidden, intermediate } = vision;
  matrix(`${visionName}embeddings.patch_embedding.weight`, hidden, 3, 14, 14);
  tensors.push([`${visionName}embeddings.patch_embedding.bias`, [hidden], 'zeros']);
  matrix(`${visionName}embeddings.position_embedding.weight`, Math.floor(vision.image / 14) ** 2, hidden);
  matrix(`${visionName}embeddings.packing_position_embedding.weight`, 32_768, hidden);
  for (let layer = 0; layer < vision.layers; layer++) {
    const prefix = `${visionName}encoder.layers.${layer}.`;
    affine(`${prefix}layer_norm1`, hidden);
    affine(`${prefix}layer_norm2`, hidden);
    for (const part of ['q', 'k', 'v']) dense(`${prefix}self_attn.${part}_proj`, hidden, hidden);
    dense(`${prefix}self_attn.out_proj`, hidden, hidden);
    dense(`${prefix}mlp.fc1`, intermediate, hidden);
    dense(`${prefix}mlp.fc2`, hidden, intermediate);
  }
  affine(`${visionName}post_layernorm`, hidden);
  matrix(`${visionName}head.probe`, 1, 1, hidden);
  matrix(`${visionName}head.attention.in_proj_weight`, 3 * hidden, hidden);
  tensors.push([`${visionName}head.attention.in_proj_bias`, [3 * hidden], 'zeros']);
  dense(`${visionName}head.attention.out_proj`, hidden, hidden);
  affine(`${visionName}head.layernorm`, hidden);
  dense(`${visionName}head.mlp.fc1`, intermediate, hidden);
  dense(`${visionName}head.mlp.fc2`, hidden, intermediate);

  affine(`${projectorName}pre_norm`, hidden);
  dense(`${projectorName}linear_1`, 4 * hidden, 4 * hidden);
  dense(`${projectorName}linear_2`, text.hidden, 4 * hidden);

  matrix(`${textName}embed_tokens.weight`, text.vocab, text.hidden);
  for (let layer = 0; layer < text.layers; layer++) {
    const prefix = `${textName}layers.${layer}.`;
    matrix(`${prefix}self_attn.q_proj.weight`, text.heads * text.headDim, text.hidden);
    matrix(`${prefix}self_attn.k_proj.weight`, text.kvHeads * text.headDim, text.hidden);
    matrix(`${prefix}self_attn.v_proj.weight`, text.kvHeads * text.headDim, text.hidden);
    matrix(`${prefix}self_attn.o_proj.weight`, text.hidden, text.heads * text.headDim);
    tensors.push([`${prefix}input_layernorm.weight`, [text.hidden], 'ones']);
    tensors.push([`${prefix}post_attention_layernorm.weight`, [text.hidden], 'ones']);
    matrix(`${prefix}mlp.gate_proj.weight`, text.intermediate, text.hidden);
    matrix(`${prefix}mlp.up_proj.weight`, text.intermediate, text.hidden);
    matrix(`${prefix}mlp.down_proj.weight`, text.hidden, text.intermediate);
  }
  tensors.push([`${textName}norm.weight`, [text.hidden], 'ones']);
  if (!tied) matrix('lm_head.weight', text.vocab, text.hidden);
  return tensors;
}

function writeWeights(path: string, tensors: readonly Tensor[], random: () => number): void {
  const header: Record<string, object> = { __metadata__: { format: 'pt' } };
  let end = 0;
  const countOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
  for (const [name, shape] of tensors) {
    header[name] = { dtype: 'BF16', shape, data_offsets: [end, end + countOf(shape) * 2] };
    end += countOf(shape) * 2;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const file = openSync(path, 'w');
  writeSync(file, length);
  writeSync(file, text);
  const chunk = new Uint16Array(chunkCount);
  for (const [, shape, kind] of tensors) {
    for (let left = countOf(shape); left > 0; left -= chunk.length) {
      const part = chunk.subarray(0, Math.min(left, chunk.length));
      if (kind === 'matrix') for (let index = 0; index < part.length; index++) part[index] = random();
      else part.fill(kind === 'ones' ? 0x3f80 : 0);
      writeSync(file, part);
    }
  }
  closeSync(file);
}

/** bfloat16 bits of values of either sign between 2⁻⁷ and 2⁻⁵ (xorshift32). */
function createRandomBits(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const exponent = 120 + ((state >>> 8) & 1);
    return ((state & 0x8000) | (exponent << 7) | ((state >>> 16) & 0x7f)) & 0xffff;
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeRandomSnapshot(process.argv[2]);
}
