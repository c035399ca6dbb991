import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLines } from '../../../router/web/read-lines.js';

async function linesOf(chunks: readonly Uint8Array[]): Promise<unknown[]> {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const values: unknown[] = [];
  for await (const value of readLines(stream)) values.push(value);
  return values;
}

describe('readLines', () => {
  it('gives the same values however the bytes are cut, letters of several bytes included', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 6 }), fc.array(fc.nat(400)), async (values, cuts) => {
        const bytes = new TextEncoder().encode(values.map((value) => JSON.stringify(value)).join('\n'));
        const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort(
          (a, b) => a - b,
        );
        const chunks = places.slice(1).map((end, index) => bytes.slice(places[index], end));
        expect(JSON.stringify(await linesOf(chunks))).toBe(JSON.stringify(values));
      }),
      { numRuns: 100 },
    );
    const chinese = new TextEncoder().encode('"纸与书"');
    expect(await linesOf([...chinese].map((byte) => Uint8Array.of(byte)))).toEqual(['纸与书']);
  });

  it('takes a last line without its end, and refuses what is not JSON', async () => {
    const encode = (text: string) => new TextEncoder().encode(text);
    expect(await linesOf([encode('1\n2')])).toEqual([1, 2]);
    await expect(linesOf([encode('<html>')])).rejects.toThrow(SyntaxError);
  });

  it('cancels the stream when its reader leaves', async () => {
    let isCancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('1\n')),
      cancel: () => {
        isCancelled = true;
      },
    });
    for await (const _ of readLines(stream)) break;
    expect(isCancelled).toBe(true);
  });
});
