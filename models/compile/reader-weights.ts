import { ModelError } from '../errors.js';
import type { GraphBuilder, WeightSource } from './graph-builder.js';
import { onnxTypeIds } from './onnx-schema.js';
import type { SafetensorsReader } from './safetensors-reader.js';

/** Where the parts of the model stand: names of the published checkpoints, then those transformers 5 writes. */
const prefixes = {
  vision: ['visual.vision_model.', 'model.visual.vision_model.'],
  projector: ['mlp_AR.', 'model.projector.'],
  text: ['model.', 'model.language_model.'],
} as const;

type Part = keyof typeof prefixes;

/** A tensor that every part must have; it tells which names a checkpoint uses. */
const landmarks: Readonly<Record<Part, string>> = {
  vision: 'embeddings.patch_embedding.weight',
  projector: 'linear_1.weight',
  text: 'embed_tokens.weight',
};

const headName = 'lm_head.weight';

/**
 * The tensors of a reader by part and short name, checked against the shape the graph needs. Sources are remembered,
 * so that graphs which use the same tensor share its bytes in the data file. Tensors nobody asks for (the pooling
 * head and the packing positions of the published checkpoints) are ignored.
 */
export class ReaderWeights {
  readonly #prefixes: Readonly<Record<Part, string>>;
  readonly #sources = new Map<string, WeightSource>();

  /** `floatType`: in which the graph computes; values are converted to it. */
  constructor(
    readonly reader: SafetensorsReader,
    readonly floatType: 'float32' | 'float16' = 'float32',
  ) {
    const choose = (part: Part) =>
      prefixes[part].find((prefix) => reader.has(prefix + landmarks[part])) ?? prefixes[part][0];
    this.#prefixes = { vision: choose('vision'), projector: choose('projector'), text: choose('text') };
  }

  /** Full name in the checkpoint. */
  name(part: Part, short: string): string {
    return this.#prefixes[part] + short;
  }

  /** The output head: its own tensor where there is one, whatever the config says of tying. */
  headName(tied: boolean): string {
    if (this.reader.has(headName)) return headName;
    if (tied) return this.name('text', landmarks.text);
    throw new ModelError('WEIGHTS_INVALID', `tensor ${headName} is missing and tie_word_embeddings is false`);
  }

  /** Values of tensors one after another: matrices of the same width become one with all their rows. */
  rows(names: readonly string[], shapes: readonly (readonly number[])[]): WeightSource {
    names.forEach((name, index) => {
      this.reader.expect(name, shapes[index]);
    });
    const { reader, floatType } = this;
    return this.remember(`rows ${names.join()}`, () => ({
      type: floatType,
      *chunks() {
        for (const name of names) {
          for (const chunk of floatType === 'float16' ? reader.halfChunks(name) : reader.floatChunks(name)) {
            yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
          }
        }
      },
    }));
  }

  /** Converts a float32 value of a graph to the type of the weights. */
  asFloatType(graph: GraphBuilder, value: string): string {
    if (this.floatType === 'float32') return value;
    return graph.op('Cast', [value], { attributes: { to: onnxTypeIds[this.floatType] } });
  }

  /** The source known by `key`, made on first use. */
  remember(key: string, make: () => WeightSource): WeightSource {
    let source = this.#sources.get(key);
    if (!source) {
      source = make();
      this.#sources.set(key, source);
    }
    return source;
  }
}
