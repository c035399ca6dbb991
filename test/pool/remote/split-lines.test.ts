import { expect, it } from 'vitest';
import { splitLines } from '../../../pool/remote/split-lines.js';

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}
const lines = async (text: string, size: number): Promise<string[]> => {
  const found: string[] = [];
  for await (const line of splitLines(inPieces(text, size))) found.push(line);
  return found;
};

it.each([1, 2, 3, 7, 100])('finds lines in pieces of %i bytes, letters of several bytes included', async (size) => {
  expect(await lines('{"a":"ü"}\n\n{"b":"語"}\nlast', size)).toEqual(['{"a":"ü"}', '{"b":"語"}', 'last']);
});

it('gives up on a line without an end', async () => {
  await expect(lines('x'.repeat(17 * 1024 * 1024), 1024 * 1024)).rejects.toThrow(/does not end/);
});
