/** Width and height of a picture. */
export interface PeekedSize {
  readonly width: number;
  readonly height: number;
}

/** Segments of a JPEG before the one with its size; metadata can be many. */
const mostSegments = 512;

/**
 * Size of a picture by its header, as fast as a few reads from memory, for the cost of a document before anything of
 * it is decoded. Null for what it does not know or cannot make sense of: PDFs, TIFF, AVIF, damage. No check of the
 * file: that is for those who decode it.
 */
export function peekSize(bytes: Uint8Array): PeekedSize | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const size = peek(view);
    return size && size.width > 0 && size.height > 0 ? size : null;
  } catch (error) {
    // The header ends too early.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function peek(view: DataView): PeekedSize | null {
  if (view.getUint32(0) === 0x89504e47) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (view.getUint16(0) === 0xffd8) return peekJpeg(view);
  const four = text(view, 0);
  if (four === 'GIF8') return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (four === 'RIFF' && text(view, 8) === 'WEBP') return peekWebp(view);
  if (four.startsWith('BM') && view.getUint32(14, true) >= 40) {
    return { width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
  }
  return null;
}

/** The size stands in the first start-of-frame segment. */
function peekJpeg(view: DataView): PeekedSize | null {
  let at = 2;
  for (let count = 0; count < mostSegments; count++) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

/** Lossy, lossless and extended files each keep their size in a way of their own. */
function peekWebp(view: DataView): PeekedSize | null {
  const kind = text(view, 12);
  if (kind === 'VP8 ') {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (kind === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (kind !== 'VP8X') return null;
  const three = (at: number) => view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
  return { width: three(24) + 1, height: three(27) + 1 };
}

function text(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}
