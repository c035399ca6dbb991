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
});
