import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64 } from '../../../router/input/decode-base64.js';

describe('decodeBase64', () => {
  it('gives the bytes back, padded or not, URL-safe or not, broken into lines anywhere', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.boolean(),
        fc.boolean(),
        fc.array(fc.nat(300), { maxLength: 6 }),
        (bytes, isPadded, isUrlSafe, breaks) => {
          let text = Buffer.from(bytes).toString(isUrlSafe ? 'base64url' : 'base64');
          if (isPadded) text = text.padEnd(Math.ceil(text.length / 4) * 4, '=');
          for (const at of breaks) text = `${text.slice(0, at)}\r\n${text.slice(at)}`;
          expect([...decodeBase64(text)]).toEqual([...bytes]);
        },
      ),
    );
  });

  it.each(['', '\n', '=', '==', 'A', 'AAAAA', 'AA!A', 'AA=A', 'AA\u00e4A', 'data:image/png;base64,AAAA'])(
    'refuses %j',
    (text) => {
      expect(() => decodeBase64(text, 'file')).toThrow(
        expect.objectContaining({ code: 'BASE64_INVALID', param: 'file' }),
      );
    },
  );
});
