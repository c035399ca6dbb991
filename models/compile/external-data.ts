import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import type { WeightSource } from './graph-builder.js';

/** Where a tensor lies in an external data file; `location` is the file's name beside the graph. */
export interface ExternalRange {
  readonly location: string;
  readonly offset: number;
  readonly byteLength: number;
}

// Pages are what the runtime maps; small tensors only need to be aligned for vector loads.
const pageBytes = 4096;
const smallTensorBytes = 64 * 1024;
const vectorBytes = 64;

/** A file of raw tensors, written in one pass; graphs of the same folder may share it. */
export class ExternalDataFile {
  readonly #file: number;
  readonly #location: string;
  readonly #ranges = new Map<WeightSource, ExternalRange>();
  #end = 0;
  /** Told the size of each weight once it is written. */
  onWritten: (byteLength: number) => void = () => {};

  constructor(path: string) {
    this.#location = basename(path);
    this.#file = openSync(path, 'wx');
  }

  /** Appends the bytes of a weight, or finds them where the same source was added before. */
  add(source: WeightSource, byteLength: number): ExternalRange {
    const known = this.#ranges.get(source);
    if (known) return known;
    const alignment = byteLength < smallTensorBytes ? vectorBytes : pageBytes;
    const offset = Math.ceil(this.#end / alignment) * alignment;
    let end = offset;
    for (const chunk of source.chunks()) end += this.#write(chunk, end);
    if (end - offset !== byteLength) throw new TypeError(`a weight gave ${end - offset} bytes of ${byteLength}`);
    this.#end = end;
    const range = { location: this.#location, offset, byteLength };
    this.#ranges.set(source, range);
    this.onWritten(byteLength);
    return range;
  }

  /** Flushes to the disk, so that a folder renamed afterwards is whole, and closes; with `discard` only closes. */
  close(discard = false): void {
    if (!discard) fsyncSync(this.#file);
    closeSync(this.#file);
  }

  #write(chunk: Uint8Array, position: number): number {
    // A single write takes at most 2 GB.
    for (let done = 0; done < chunk.length; ) {
      done += writeSync(this.#file, chunk, done, Math.min(chunk.length - done, 1 << 30), position + done);
    }
    return chunk.length;
  }
}
