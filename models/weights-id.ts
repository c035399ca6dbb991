import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { findWeights } from './compile/weights-files.js';

/** Files up to this size are hashed whole. */
const wholeBytes = 128 * 1024 * 1024;
const sampleCount = 256;
const sampleBytes = 16 * 1024;
const headBytes = 1024 * 1024;

/**
 * A hash that tells one set of weights from another. Small files are hashed whole. Of a large one: size, time of
 * change, the header and evenly spaced samples, so that neither a patched tensor nor a touched file goes unseen.
 */
export function identifyWeights(folder: string): string {
  const hash = createHash('sha256');
  for (const name of findWeights(folder).names) {
    const file = openSync(join(folder, name), 'r');
    try {
      const { size, mtimeMs } = fstatSync(file);
      hash.update(`${name}\n${size}\n`);
      if (size <= wholeBytes) {
        hashRange(file, 0, size);
      } else {
        hash.update(`${mtimeMs}\n`);
        hashRange(file, 0, headBytes);
        const step = (size - sampleBytes) / (sampleCount - 1);
        for (let index = 0; index < sampleCount; index++) hashRange(file, Math.floor(index * step), sampleBytes);
      }
    } finally {
      closeSync(file);
    }
  }
  return hash.digest('hex');

  function hashRange(file: number, start: number, length: number): void {
    const buffer = new Uint8Array(Math.min(length, headBytes));
    for (let done = 0; done < length; ) {
      const count = readSync(file, buffer, 0, Math.min(buffer.length, length - done), start + done);
      if (count === 0) return;
      hash.update(buffer.subarray(0, count));
      done += count;
    }
  }
}
