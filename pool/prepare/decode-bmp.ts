import { ModelError, type RgbImage } from '#models';

/** The fields of a BMP header that decoding needs. */
interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bitsPerPixel: number;
  readonly compression: number;
  readonly pixelOffset: number;
  readonly paletteOffset: number;
  readonly paletteEntryBytes: number;
  readonly paletteCount: number;
}

const uncompressed = 0;
const bitFields = 3;
const alphaBitFields = 6;

/** Size of a BMP without decoding it. Throws IMAGE_UNREADABLE. */
export function readBmpSize(bytes: Uint8Array): { readonly width: number; readonly height: number } {
  const { width, height } = readHeader(bytes);
  return { width, height };
}

/**
 * Decodes uncompressed BMP of 1, 4, 8, 16, 24 and 32 bits, which libvips as sharp ships it does not read.
 * The fourth byte of 32-bit pixels is ignored, as most writers leave it 0. Run-length coding is refused.
 * Throws IMAGE_UNREADABLE, also where the file ends before its pixels do.
 */
export function decodeBmp(bytes: Uint8Array): RgbImage {
  const header = readHeader(bytes);
  const { width, height, bitsPerPixel } = header;
  const stride = Math.ceil((width * bitsPerPixel) / 32) * 4;
  if (header.pixelOffset + stride * height > bytes.length) throw unreadable('it ends before its pixels do');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const readPixel = pixelReader(header, view);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = header.pixelOffset + (header.topDown ? y : height - 1 - y) * stride;
    for (let x = 0, out = y * width * 3; x < width; x++, out += 3) {
      const rgb = readPixel(row, x);
      data[out] = rgb >>> 16;
      data[out + 1] = (rgb >>> 8) & 255;
      data[out + 2] = rgb & 255;
    }
  }
  return { width, height, data };
}

function readHeader(bytes: Uint8Array): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerSize = view.getUint32(14, true);
  const isCore = headerSize === 12;
  if ((!isCore && headerSize < 40) || 14 + headerSize > bytes.length) throw unreadable('its header is broken');
  const width = isCore ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = isCore ? view.getUint16(20, true) : view.getInt32(22, true);
  const bitsPerPixel = view.getUint16(isCore ? 24 : 28, true);
  const compression = isCore ? uncompressed : view.getUint32(30, true);
  const colourCount = isCore ? 0 : view.getUint32(46, true);
  if (width <= 0 || signedHeight === 0) throw unreadable('its size is not positive');
  if (![1, 4, 8, 16, 24, 32].includes(bitsPerPixel)) throw unreadable(`${bitsPerPixel} bits a pixel are unknown`);
  if (![uncompressed, bitFields, alphaBitFields].includes(compression)) {
    throw unreadable('run-length coded BMP is not supported; convert it to PNG');
  }
  const paletteOffset = 14 + headerSize;
  const paletteEntryBytes = isCore ? 3 : 4;
  const paletteCount = bitsPerPixel <= 8 ? Math.min(colourCount || 256, 1 << bitsPerPixel) : 0;
  if (paletteOffset + paletteCount * paletteEntryBytes > bytes.length) throw unreadable('its palette is cut off');
  return {
    width,
    height: Math.abs(signedHeight),
    topDown: signedHeight < 0,
    bitsPerPixel,
    compression,
    pixelOffset: view.getUint32(10, true),
    paletteOffset,
    paletteEntryBytes,
    paletteCount,
  };
}

/** Gives `0xRRGGBB` of the pixel in column `x` of the row that starts at byte `row`. */
function pixelReader(header: BmpHeader, view: DataView): (row: number, x: number) => number {
  const { bitsPerPixel, paletteOffset, paletteEntryBytes, paletteCount } = header;
  if (bitsPerPixel <= 8) {
    const palette = Array.from({ length: paletteCount }, (_, index) => {
      const entry = paletteOffset + index * paletteEntryBytes;
      return (view.getUint8(entry + 2) << 16) | (view.getUint8(entry + 1) << 8) | view.getUint8(entry);
    });
    const mask = (1 << bitsPerPixel) - 1;
    return (row, x) => {
      const bit = x * bitsPerPixel;
      return palette[(view.getUint8(row + (bit >> 3)) >> (8 - bitsPerPixel - (bit & 7))) & mask] ?? 0;
    };
  }
  if (bitsPerPixel === 24) {
    return (row, x) => {
      const at = row + x * 3;
      return (view.getUint8(at + 2) << 16) | (view.getUint8(at + 1) << 8) | view.getUint8(at);
    };
  }
  const [red, green, blue] = channelReaders(header, view);
  const bytesPerPixel = bitsPerPixel / 8;
  return (row, x) => {
    const at = row + x * bytesPerPixel;
    const pixel = bytesPerPixel === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
    return (red(pixel) << 16) | (green(pixel) << 8) | blue(pixel);
  };
}

/** One function a channel that widens its masked bits to 0..255. */
function channelReaders(header: BmpHeader, view: DataView): ((pixel: number) => number)[] {
  let masks = header.bitsPerPixel === 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0x00ff00, 0x0000ff];
  // The masks stand right after the 40 bytes of the classic header, inside the longer ones.
  if (header.compression !== uncompressed) {
    if (54 + 12 > view.byteLength) throw unreadable('its channel masks are cut off');
    masks = [0, 4, 8].map((offset) => view.getUint32(54 + offset, true));
  }
  return masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    const largest = mask >>> shift;
    return (pixel) => (largest === 0 ? 0 : Math.round((((pixel & mask) >>> shift) * 255) / largest));
  });
}

function unreadable(reason: string): ModelError {
  return new ModelError('IMAGE_UNREADABLE', `The BMP picture cannot be decoded: ${reason}.`);
}
