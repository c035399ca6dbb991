import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { ModelError } from '../errors.js';
import { bfloatToFloat, bfloatToHalf, floatToHalf, halfToFloat } from './half-float.js';
import { maxHeaderBytes, parseSafetensorsHeader, type TensorEntry } from './safetensors-header.js';

interface StoredTensor extends TensorEntry {
  readonly file: number;
  readonly fileName: string;
}

/** Bytes read and converted at a time. */
const chunkBytes = 4 * 1024 * 1024;

/**
 * The tensors of one or several safetensors files, read on demand: nothing but the headers is kept in memory.
 * Every fault is a WEIGHTS_INVALID that names the file or the tensor.
 */
export class SafetensorsReader {
  readonly #tensors = new Map<string, StoredTensor>();
  readonly #files: number[] = [];

  /** Opens the files and checks their headers. */
  constructor(folder: string, fileNames: readonly string[]) {
    try {
      for (const fileName of fileNames) this.#addFile(folder, fileName);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get names(): Iterable<string> {
    return this.#tensors.keys();
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** Shape of a tensor. */
  shape(name: string): readonly number[] {
    return this.#find(name).shape;
  }

  /** Throws unless the tensor exists, has this shape and holds floats of at most 32 bits. */
  expect(name: string, shape: readonly number[]): void {
    const tensor = this.#find(name);
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis])) {
      const found = `[${tensor.shape.join(', ')}]`;
      throw invalid(`${tensor.fileName}: tensor ${name} has shape ${found} where [${shape.join(', ')}] is needed`);
    }
    if (tensor.type !== 'F32' && tensor.type !== 'F16' && tensor.type !== 'BF16') {
      throw invalid(`${tensor.fileName}: tensor ${name} has type ${tensor.type}; F32, F16 and BF16 can be compiled`);
    }
  }

  /** The values of a tensor as float32, in pieces; a piece is overwritten when the next is asked for. */
  *floatChunks(name: string): Generator<Float32Array> {
    const tensor = this.#find(name);
    this.expect(name, tensor.shape);
    const width = tensor.type === 'F32' ? 4 : 2;
    const raw = new Uint8Array(Math.min(chunkBytes, tensor.byteLength));
    const floats = width === 4 ? new Float32Array(raw.buffer) : new Float32Array(raw.length / 2);
    const convert = tensor.type === 'F16' ? halfToFloat : bfloatToFloat;
    for (let done = 0; done < tensor.byteLength; ) {
      const count = Math.min(raw.length, tensor.byteLength - done);
      this.#read(tensor, raw.subarray(0, count), tensor.offset + done);
      if (width === 2) convert(new Uint16Array(raw.buffer, 0, count / 2), floats);
      yield floats.subarray(0, count / width);
      done += count;
    }
  }

  /**
   * The values of a tensor as binary16 bits, in pieces; a piece is overwritten when the next is asked for.
   * Throws where a value is beyond the range of binary16.
   */
  *halfChunks(name: string): Generator<Uint16Array> {
    const tensor = this.#find(name);
    this.expect(name, tensor.shape);
    const width = tensor.type === 'F32' ? 4 : 2;
    const raw = new Uint8Array(Math.min(chunkBytes, tensor.byteLength));
    const halves = tensor.type === 'F16' ? new Uint16Array(raw.buffer) : new Uint16Array(raw.length / width);
    for (let done = 0; done < tensor.byteLength; ) {
      const bytes = Math.min(raw.length, tensor.byteLength - done);
      const count = bytes / width;
      this.#read(tensor, raw.subarray(0, bytes), tensor.offset + done);
      let overflow = -1;
      if (tensor.type === 'BF16') overflow = bfloatToHalf(new Uint16Array(raw.buffer, 0, count), halves);
      else if (tensor.type === 'F32') overflow = floatToHalf(new Float32Array(raw.buffer, 0, count), halves);
      if (overflow >= 0) {
        const place = done / width + overflow;
        throw invalid(`${tensor.fileName}: value ${place} of tensor ${name} is beyond the range of fp16 (65504)`);
      }
      yield halves.subarray(0, count);
      done += bytes;
    }
  }

  /** A whole tensor as float32. */
  floats(name: string): Float32Array {
    const values = new Float32Array(this.#find(name).shape.reduce((product, size) => product * size, 1));
    let done = 0;
    for (const chunk of this.floatChunks(name)) {
      values.set(chunk, done);
      done += chunk.length;
    }
    return values;
  }

  close(): void {
    for (const file of this.#files.splice(0)) closeSync(file);
  }

  #addFile(folder: string, fileName: string): void {
    let file: number;
    try {
      file = openSync(join(folder, fileName), 'r');
    } catch (cause) {
      throw new ModelError('MODEL_NOT_FOUND', `${fileName} cannot be opened in ${folder}`, { cause });
    }
    this.#files.push(file);
    const { size } = fstatSync(file);
    const length = new Uint8Array(8);
    if (size < 8 || readSync(file, length, 0, 8, 0) < 8) throw invalid(`${fileName}: no safetensors header`);
    if (Buffer.from(length).toString() === 'version ') {
      throw invalid(`${fileName}: a Git LFS pointer, not the weights; fetch them with git lfs pull`);
    }
    const headerBytes = Number(new DataView(length.buffer).getBigUint64(0, true));
    if (headerBytes > maxHeaderBytes || 8 + headerBytes > size) {
      throw invalid(`${fileName}: a header of ${headerBytes} bytes does not fit (file of ${size} bytes)`);
    }
    const header = Buffer.alloc(headerBytes);
    if (readSync(file, header, 0, headerBytes, 8) < headerBytes) throw invalid(`${fileName}: truncated header`);
    const dataOffset = 8 + headerBytes;
    for (const entry of parseSafetensorsHeader(header.toString(), fileName, dataOffset, size - dataOffset)) {
      const other = this.#tensors.get(entry.name);
      if (other) throw invalid(`tensor ${entry.name} is in ${other.fileName} and in ${fileName}`);
      this.#tensors.set(entry.name, { ...entry, file, fileName });
    }
  }

  #find(name: string): StoredTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw invalid(`tensor ${name} is missing`);
    return tensor;
  }

  #read(tensor: StoredTensor, target: Uint8Array, position: number): void {
    for (let done = 0; done < target.length; ) {
      const count = readSync(tensor.file, target, done, target.length - done, position + done);
      if (count === 0) throw invalid(`${tensor.fileName}: tensor ${tensor.name} ends early: the file was cut`);
      done += count;
    }
  }
}

function invalid(message: string): ModelError {
  return new ModelError('WEIGHTS_INVALID', message);
}
