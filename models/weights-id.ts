import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { findWeights } from './compile/weights-files.js';

/** Files up to this size are hashed whole. */
const wholeBytes = 128 * 1024 * 1024;
const sampleCount = 256;
const sampleBytes = 16 * 1024;
const headBytes = 1024 * 1024;

export interface WeightsIdentity {
  /** Of this copy on this disk: changes also when a large file is touched, whose samples could miss a patch. */
  readonly weightsId: string;
  /** The same for every copy of the same weights. */
  readonly contentId: string;
}

/**
 * Hashes that tell one set of weights from another. Small files are hashed whole. Of a large one: size, the header and
 * evenly spaced samples, and for `weightsId` the time of change, so that neither a patched tensor nor a touched file
 * goes unseen.
 */
export function identifyWeights(folder: string): WeightsIdentity {
  const hash = createHash('sha256');
  const changes: number[] = [];
  for (const name of findWeights(folder).names) {
    const file = openSync(join(folder, name), 'r');
    try {
      const { size, mtimeMs } = fstatSync(file);
      hash.update(`${name}\n${size}\n`);
      if (size <= wholeBytes) {
        hashRange(file, 0, size);
      } else {
        changes.push(mtimeMs);
        hashRange(file, 0, headBytes);
        const step = (size - sampleBytes) / (sampleCount - 1);
        for (let index = 0; index < sampleCount; index++) hashRange(file, Math.floor(index * step), sampleBytes);
      }
    } finally {
      closeSync(file);
    }
  }
  const contentId = hash.digest('hex');
  const weightsId =
    changes.length === 0
      ? contentId
      : createHash('sha256')
          .update(`${contentId}\n${changes.join('\n')}`)
          .digest('hex');
  return { weightsId, contentId };

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
