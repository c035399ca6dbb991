import { ModelError } from '#models';

/** What a file is, by its first bytes. */
export type InputFormat = 'png' | 'jpeg' | 'webp' | 'gif' | 'bmp' | 'tiff' | 'avif' | 'pdf';

/** PDF readers accept the header anywhere in the first kilobyte; so do we. */
const pdfSearchLength = 1024;

/**
 * Tells the format from the content alone; names and headers lie.
 * Throws INPUT_EMPTY for no bytes and INPUT_UNSUPPORTED for anything that is neither a known picture nor a PDF.
 */
export function sniffInput(bytes: Uint8Array): InputFormat {
  if (bytes.length === 0) throw new ModelError('INPUT_EMPTY', 'The file has no bytes.');
  const text = (start: number, end: number) => String.fromCharCode(...bytes.subarray(start, end));
  const head = text(0, 16);
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'gif';
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'webp';
  // Classic and big TIFF, both byte orders.
  if (/^(II[*+]\0|MM\0[*+])/.test(head)) return 'tiff';
  if (head.slice(4, 8) === 'ftyp') return sniffBaseMedia(text(8, 64));
  if (head.startsWith('BM') && bytes.length >= 26) return 'bmp';
  if (text(0, pdfSearchLength).includes('%PDF-')) return 'pdf';
  throw new ModelError(
    'INPUT_UNSUPPORTED',
    'The file is neither a picture (PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF) nor a PDF.',
  );
}

/** Brands of an ISO base media file: AVIF can be decoded, HEIC (patented HEVC) cannot. */
function sniffBaseMedia(brands: string): InputFormat {
  if (/avif|avis/.test(brands)) return 'avif';
  if (/hei[cxms]|hev[cxms]|mif1/.test(brands)) {
    throw new ModelError('INPUT_UNSUPPORTED', 'HEIC pictures cannot be decoded; convert the file to JPEG or PNG.');
  }
  throw new ModelError('INPUT_UNSUPPORTED', 'The file is a video or another media container, not a picture or a PDF.');
}
