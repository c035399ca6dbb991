import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { peekSize } from '../../pool/peek-size.js';

const fixture = (name: string) => readFileSync(fileURLToPath(new URL(`../fixtures/inputs/${name}`, import.meta.url)));
const picture = sharp({ create: { width: 613, height: 97, channels: 4, background: '#abc8' } });
const size = { width: 613, height: 97 };

describe('peekSize', () => {
  it.each([
    ['PNG', () => picture.clone().png()],
    ['baseline JPEG', () => picture.clone().jpeg()],
    ['progressive JPEG', () => picture.clone().jpeg({ progressive: true })],
    [
      'JPEG with metadata before its size',
      () =>
        picture
          .clone()
          .jpeg()
          .withMetadata({ exif: { IFD0: { Copyright: 'x'.repeat(999) } } }),
    ],
    ['GIF', () => picture.clone().gif()],
    ['lossy WebP', () => picture.clone().flatten().webp()],
    ['lossless WebP', () => picture.clone().webp({ lossless: true })],
    ['WebP with alpha', () => picture.clone().webp()],
  ] as const)('reads %s', async (_, encode) => {
    expect(peekSize(await encode().toBuffer())).toEqual(size);
  });

  it('reads BMP', () => {
    expect(peekSize(fixture('plain.bmp'))).toEqual({ width: expect.any(Number), height: expect.any(Number) });
  });

  it.each(['two-pages.pdf', 'pages.tiff', 'plain.avif', 'broken.pdf'])('leaves %s to those who open it', (name) => {
    expect(peekSize(fixture(name))).toBeNull();
  });

  it('makes nothing of a header that is cut off, wherever', async () => {
    for (const bytes of [await picture.clone().png().toBuffer(), await picture.clone().jpeg().toBuffer()]) {
      for (let length = 0; length < 24; length++) {
        const cut = peekSize(bytes.subarray(0, length));
        expect(cut === null || cut.width > 0).toBe(true);
      }
    }
    expect(peekSize(new Uint8Array(0))).toBeNull();
    expect(peekSize(Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 0]))).toBeNull();
    // Segments that lead nowhere end the search.
    expect(
      peekSize(Uint8Array.from({ length: 100_000 }, (_, at) => [0xff, 0xd8][at] ?? [0xff, 0xe0, 0, 2][(at - 2) % 4])),
    ).toBeNull();
  });
});
