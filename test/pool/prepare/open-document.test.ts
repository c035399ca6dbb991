import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { RgbImage } from '../../../models/image/rgb-image.js';
import { decodePage, openDocument } from '../../../pool/prepare/open-document.js';
import { createPdfCache } from '../../../pool/prepare/pdf-cache.js';
import { maxRenderedPixels } from '../../../pool/prepare/pdf-document.js';

const limits = { maxImagePixels: 100_000_000, maxPages: 100, pdfDpi: 144 };
const pdfs = createPdfCache();
let lastId = 0;

/** Bytes in shared memory, as the pool hands them over. */
function share(bytes: Uint8Array) {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return { documentId: `d${lastId++}`, bytes: shared };
}

const fixture = (name: string) => share(readFileSync(new URL(`../../fixtures/inputs/${name}`, import.meta.url)));

const pixel = ({ data, width }: RgbImage, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

const close = (actual: number[], expected: number[], tolerance: number) => {
  const worst = Math.max(...actual.map((value, index) => Math.abs(value - expected[index])));
  expect(worst, `${actual} should be ${expected}`).toBeLessThanOrEqual(tolerance);
};

const red = [255, 0, 0];
const black = [0, 0, 0];
const white = [255, 255, 255];
const blue = [0, 0, 255];

describe('pictures of every kind become the same upright sRGB bytes', () => {
  test.each([
    ['plain.png', 0],
    ['plain.webp', 0],
    ['plain.avif', 40],
    ['plain.bmp', 0],
    ['palette.png', 0],
    ['palette.bmp', 0],
    ['sixteen-bit.png', 0],
    ['animated.gif', 0],
    ['pages.tiff', 0],
    ['rotated.jpg', 30],
    ['cmyk.jpg', 70],
  ])('%s', async (name, tolerance) => {
    const document = fixture(name);
    const { kind, pages } = await openDocument(document, limits, pdfs);
    expect(kind).toBe('image');
    expect(pages[0]).toEqual({ width: 24, height: 16 });
    const image = await decodePage(document, 0, limits, pdfs);
    expect([image.width, image.height, image.data.length]).toEqual([24, 16, 24 * 16 * 3]);
    close(pixel(image, 3, 10), red, tolerance);
    close(pixel(image, 12, 10), black, tolerance);
    close(pixel(image, 20, 10), white, tolerance);
    // Subsampled colour bleeds over one row.
    if (tolerance < 50) close(pixel(image, 20, 0), blue, tolerance * 3);
  });

  test.each(['one-bit.png', 'one-bit.tiff', 'one-bit.bmp', 'grey.jpg'])('%s, in greys', async (name) => {
    const image = await decodePage(fixture(name), 0, limits, pdfs);
    expect(image.data.length).toBe(24 * 16 * 3);
    close(pixel(image, 12, 10), black, 4);
    close(pixel(image, 20, 10), white, 4);
    const [r, g, b] = pixel(image, 3, 10);
    expect(r === g && g === b).toBe(true);
  });

  test('16-bit grey is scaled, not cut', async () => {
    const image = await decodePage(fixture('sixteen-bit-grey.png'), 0, limits, pdfs);
    expect(pixel(image, 0, 0)).toEqual(black);
    expect(pixel(image, 23, 0)).toEqual(white);
    close(pixel(image, 11, 0), [122, 122, 122], 1);
  });

  test('what is transparent is white', async () => {
    const image = await decodePage(fixture('alpha.png'), 0, limits, pdfs);
    expect(pixel(image, 3, 4)).toEqual(red);
    expect(pixel(image, 3, 12)).toEqual(white);
    expect(pixel(image, 12, 12)).toEqual(white);
  });

  test('transparency of 16-bit pictures and of greys', async () => {
    const half = Uint16Array.from({ length: 8 * 8 * 4 }, (_, index) => (index % 4 === 3 ? 32_768 : 0));
    const deep = await sharp(half, { raw: { width: 8, height: 8, channels: 4 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    close(pixel(await decodePage(share(deep), 0, limits, pdfs), 4, 4), [127, 127, 127], 2);
    const faint = Uint8Array.from({ length: 8 * 8 * 2 }, (_, index) => (index % 2 === 1 ? 51 : 0));
    const grey = await sharp(faint, { raw: { width: 8, height: 8, channels: 2 } })
      .png()
      .toBuffer();
    close(pixel(await decodePage(share(grey), 0, limits, pdfs), 4, 4), [204, 204, 204], 1);
  });

  test('every page of a TIFF with its own size, only the first frame of a GIF', async () => {
    const tiff = fixture('pages.tiff');
    expect((await openDocument(tiff, limits, pdfs)).pages).toEqual([
      { width: 24, height: 16 },
      { width: 30, height: 20 },
      { width: 7, height: 9 },
    ]);
    const second = await decodePage(tiff, 1, limits, pdfs);
    expect([second.width, second.height, ...pixel(second, 5, 5)]).toEqual([30, 20, 0, 255, 0]);
    const third = await decodePage(tiff, 2, limits, pdfs);
    expect([third.width, third.height, ...pixel(third, 5, 5)]).toEqual([7, 9, 128, 128, 128]);
    expect((await openDocument(fixture('animated.gif'), limits, pdfs)).pages).toHaveLength(1);
  });

  test.each([
    [5000, 1],
    [1, 5000],
    [20_000, 20],
  ])('a picture of %ix%i is refused with its size: no page looks like that', async (width, height) => {
    const document = share(await blankPng(width, height));
    await expect(openDocument(document, limits, pdfs)).rejects.toMatchObject({
      code: 'IMAGE_ASPECT_RATIO',
      message: expect.stringContaining(`${width}x${height}`),
    });
  });

  test('a picture at the limit of 200 to 1 is read', async () => {
    const document = share(await blankPng(2000, 10));
    expect((await openDocument(document, limits, pdfs)).pages).toEqual([{ width: 2000, height: 10 }]);
    expect((await decodePage(document, 0, limits, pdfs)).data.length).toBe(2000 * 10 * 3);
  });
});

describe('PDF', () => {
  test('pages are drawn at the resolution asked for, sizes rounded up', async () => {
    const document = fixture('two-pages.pdf');
    expect(await openDocument(document, limits, pdfs)).toEqual({
      kind: 'pdf',
      pages: [
        { width: 288, height: 144 },
        { width: 288, height: 144 },
      ],
    });
    const image = await decodePage(document, 1, limits, pdfs);
    expect([image.width, image.height, image.data.length]).toEqual([288, 144, 288 * 144 * 3]);
    expect(pixel(image, 10, 70)).toEqual(red);
    expect(pixel(image, 200, 70)).toEqual(white);
    const coarse = await decodePage(document, 0, { ...limits, pdfDpi: 75 }, pdfs);
    expect([coarse.width, coarse.height, coarse.data.length]).toEqual([150, 75, 150 * 75 * 3]);
    expect(pixel(coarse, 10, 70)).toEqual(red);
  });

  test('a sheet of 5 by 5 metres is drawn coarser instead of refused', async () => {
    const document = fixture('huge-page.pdf');
    const [size] = (await openDocument(document, limits, pdfs)).pages;
    expect(size.width * size.height).toBeLessThan(maxRenderedPixels * 1.01);
    expect(size.width * size.height).toBeGreaterThan(maxRenderedPixels * 0.99);
  });

  test('few documents stay open, and a closed one is let go', async () => {
    const cache = createPdfCache();
    const documents = Array.from({ length: 9 }, () => fixture('two-pages.pdf'));
    for (const document of documents) await openDocument(document, limits, cache);
    expect(cache.openCount).toBe(4);
    cache.drop(documents[8].documentId);
    cache.drop('never opened');
    expect(cache.openCount).toBe(3);
    expect((await decodePage(documents[0], 0, limits, cache)).width).toBe(288);
  });

  test('more pages than allowed', async () => {
    await expect(openDocument(fixture('two-pages.pdf'), { ...limits, maxPages: 1 }, pdfs)).rejects.toMatchObject({
      code: 'TOO_MANY_PAGES',
    });
    await expect(openDocument(fixture('pages.tiff'), { ...limits, maxPages: 2 }, pdfs)).rejects.toMatchObject({
      code: 'TOO_MANY_PAGES',
    });
  });
});

describe('bad input is refused with a code', () => {
  const text = share(Buffer.from('This is not a picture, whatever its name says.'));

  test.each([
    ['no bytes', share(new Uint8Array(0)), 'INPUT_EMPTY'],
    ['text', text, 'INPUT_UNSUPPORTED'],
    ['SVG', share(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')), 'INPUT_UNSUPPORTED'],
    ['a zip', share(Buffer.from('PK\x03\x04 and so on and so on')), 'INPUT_UNSUPPORTED'],
    ['HEIC', share(Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic')), 'INPUT_UNSUPPORTED'],
    ['a video', share(Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isommp41')), 'INPUT_UNSUPPORTED'],
    ['a PNG signature and nothing else', share(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')), 'IMAGE_UNREADABLE'],
    ['a bomb of 40000x40000', fixture('bomb.png'), 'IMAGE_TOO_LARGE'],
    ['a BMP that declares a billion pixels', share(bmpHeader(40_000, 40_000)), 'IMAGE_TOO_LARGE'],
    ['a BMP header only', share(bmpHeader(0, 4)), 'IMAGE_UNREADABLE'],
    ['an encrypted PDF', fixture('encrypted.pdf'), 'PDF_ENCRYPTED'],
    ['a broken PDF', fixture('broken.pdf'), 'PDF_UNREADABLE'],
    ['a PDF without pages', fixture('no-pages.pdf'), 'PDF_EMPTY'],
  ])('%s', async (_name, document, code) => {
    await expect(openDocument(document, limits, pdfs)).rejects.toMatchObject({ code });
    expect((await openDocument(fixture('plain.png'), limits, pdfs)).pages).toHaveLength(1);
  });

  test.each([
    ['png', 0.5],
    ['jpeg', 0.5],
    ['jpeg', 0.98],
    ['webp', 0.6],
    ['tiff', 0.5],
    ['gif', 0.5],
  ] as const)('a %s cut off at %f of its length', async (format, share_) => {
    const noise = Buffer.from(Array.from({ length: 200 * 150 * 3 }, (_, index) => (index * index * 7919) >> 5));
    const whole = await sharp(noise, { raw: { width: 200, height: 150, channels: 3 } })
      .toFormat(format)
      .toBuffer();
    const document = share(whole.subarray(0, Math.floor(whole.length * share_)));
    const reading = openDocument(document, limits, pdfs).then(() => decodePage(document, 0, limits, pdfs));
    await expect(reading).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE' });
  });

  test('a BMP cut off in its pixels', async () => {
    const { bytes } = fixture('plain.bmp');
    const document = share(bytes.subarray(0, bytes.length - 100));
    await expect(decodePage(document, 0, limits, pdfs)).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE' });
  });

  test('a page that is not there', async () => {
    await expect(decodePage(fixture('pages.tiff'), 9, limits, pdfs)).rejects.toMatchObject({
      code: 'IMAGE_UNREADABLE',
    });
    await expect(decodePage(fixture('two-pages.pdf'), 9, limits, pdfs)).rejects.toMatchObject({
      code: 'PDF_UNREADABLE',
    });
  });

  test('any prefix and any damage of a PDF ends with a code, never a crash', async () => {
    const { bytes } = fixture('two-pages.pdf');
    for (let cut = 8; cut < bytes.length; cut += 37) {
      const damaged = Uint8Array.from(bytes);
      damaged.fill(0x39, cut, cut + 9);
      for (const document of [share(bytes.subarray(0, cut)), share(damaged)]) {
        const outcome = await openDocument(document, limits, pdfs)
          .then(() => decodePage(document, 0, limits, pdfs))
          .then((image) => image.width > 0)
          .catch((error) => error.code);
        expect(outcome === true || /^(PDF|INPUT)_/.test(String(outcome)), String(outcome)).toBe(true);
        pdfs.drop(document.documentId);
      }
    }
  });
});

function bmpHeader(width: number, height: number): Uint8Array {
  const bytes = Buffer.alloc(70);
  bytes.write('BM');
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(24, 28);
  return bytes;
}

function blankPng(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: '#fff' } })
    .png()
    .toBuffer();
}
