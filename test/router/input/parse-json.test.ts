import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../router/input/parse-json.js';

describe('parseJson', () => {
  it('reads what JSON.stringify wrote, in any script and at any place of its buffer', () => {
    fc.assert(
      fc.property(fc.json(), fc.string({ unit: 'grapheme' }), fc.nat(9), (json, text, offset) => {
        const body = Buffer.from(`{"a":${json},"b":${JSON.stringify(text)}}`);
        const shifted = new Uint8Array(body.length + offset + 3);
        shifted.set(body, offset);
        const read = parseJson(shifted.subarray(offset, offset + body.length));
        expect(read).toEqual({ a: JSON.parse(json), b: text });
      }),
    );
  });

  it('allows a byte order mark', () => {
    expect(parseJson(Buffer.from('\ufeff{"a":1}'))).toEqual({ a: 1 });
  });

  it.each([
    Buffer.from(''),
    Buffer.from('{'),
    Buffer.from('{"a":"'),
    Buffer.from([0x22, 0xff, 0x22]),
    Buffer.from([0x22, 0x00, 0x22]),
  ])('refuses %j', (bytes) => {
    expect(() => parseJson(bytes)).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
  });

  it('reads long strings as any others, whatever stands in and around them', () => {
    const long = fc
      .tuple(fc.string({ unit: fc.constantFrom('A', '/', '+', ' ', '"', '\\', '\n', '\u007f', 'é', '頁') }), fc.nat(9))
      .map(([text, extra]) => text + 'QUIR'.repeat(10_000) + 'x'.repeat(extra) + text);
    fc.assert(
      fc.property(long, long, fc.json(), fc.nat(3), (first, second, json, offset) => {
        const value = { a: JSON.parse(json), [first]: [first, { b: 'é', c: second }, ''], d: 'A'.repeat(50_000) };
        const body = Buffer.from(JSON.stringify(value, null, offset));
        const shifted = new Uint8Array(body.length + offset);
        shifted.set(body, offset);
        expect(parseJson(shifted.subarray(offset))).toEqual(value);
      }),
      { numRuns: 50 },
    );
  });

  it('reads a long string before and after thousands of short ones and escapes', () => {
    const value = ['B'.repeat(100_000), new Array(5000).fill('\n"'), 'C'.repeat(100_000)];
    expect(parseJson(Buffer.from(JSON.stringify(value)))).toEqual(value);
  });

  it.each([0x00, 0x1f, 0x0a, 0xff])('refuses a long string with the byte %d in it, wherever', (byte) => {
    for (const place of [0, 1, 2, 3, 25_000, 49_997, 49_998, 49_999]) {
      const body = Buffer.from(`["${'A'.repeat(50_000)}"]`);
      body[2 + place] = byte;
      expect(() => parseJson(body)).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
    }
  });

  it.each(['', ',', ']}', '"'])('refuses a long string that is followed by %j', (end) => {
    const body = Buffer.from(`["${'A'.repeat(50_000)}"${end}`);
    expect(() => parseJson(body)).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
  });
});
