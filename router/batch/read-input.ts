import { readFile } from 'node:fs/promises';
import type { BatchInput } from './find-inputs.js';

/** The bytes of an input; standard input ends at `maxBytes` with an error that says so. */
export async function readInput(input: BatchInput, maxBytes: number): Promise<Uint8Array> {
  if (input.path !== undefined) return readFile(input.path);
  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    byteCount += chunk.byteLength;
    if (byteCount > maxBytes) throw new RangeError(`more than ${maxBytes} bytes (pool.maxHeldBytes)`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, byteCount);
}
