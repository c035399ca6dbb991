import type { SafetensorsReader } from '../safetensors-reader.js';

/**
 * What transformers 5 renames when it loads a checkpoint. Published files have the older names, files written by
 * code that does not go through `save_pretrained` (the embedded bundle) the newer ones.
 */
const olderNames: readonly (readonly [newer: RegExp, older: string])[] = [
  [/^encoder\.aifi\./, 'encoder.encoder.'],
  [/\.o_proj\./, '.out_proj.'],
  [/\.mlp\.fc/, '.fc'],
];

/** Tensors of a PP-DocLayoutV3 checkpoint under their newer names, without `model.`. */
export class DetectorWeights {
  readonly #reader: SafetensorsReader;

  constructor(reader: SafetensorsReader) {
    this.#reader = reader;
  }

  /** Throws WEIGHTS_INVALID unless the tensor exists, holds floats and has this shape. */
  expect(name: string, shape: readonly number[]): void {
    this.#reader.expect(this.#storedName(name), shape);
  }

  floats(name: string): Float32Array {
    return this.#reader.floats(this.#storedName(name));
  }

  #storedName(name: string): string {
    const newer = `model.${name}`;
    if (this.#reader.has(newer)) return newer;
    const older = `model.${olderNames.reduce((text, [pattern, part]) => text.replace(pattern, part), name)}`;
    return this.#reader.has(older) ? older : newer;
  }
}
