import type { DocumentKind } from '#pool';
import { decodeBase64 } from '../../input/decode-base64.js';
import { fieldInvalid } from './check-fields.js';
import type { LayoutRequest } from './layout-request.js';

/** Fetches by http(s); bounded and checked by whoever hands it in. */
export type Fetcher = (url: string) => Promise<Uint8Array>;

export interface NamedFile {
  readonly bytes: Uint8Array;
  /** What the request says the file is. */
  readonly kind: DocumentKind;
}

const kindOfExtension: Readonly<Record<string, DocumentKind>> = {
  pdf: 'pdf',
  ...Object.fromEntries(
    ['png', 'jpg', 'jpeg', 'bmp', 'tif', 'tiff', 'webp', 'gif', 'avif'].map((name) => [name, 'image' as const]),
  ),
};

/**
 * The file of a request. Its kind is known before it is fetched or decoded: `fileType`, or the extension of a URL.
 *
 * @throws RouterError FIELDS_INVALID or BASE64_INVALID, and what `fetch` throws.
 */
export async function readFile(
  { file, fileType }: Pick<LayoutRequest, 'file' | 'fileType'>,
  fetch: Fetcher,
): Promise<NamedFile> {
  const isUrl = /^https?:\/\/[^/]/i.test(file);
  const kind = fileType == null ? inferKind(isUrl ? file : undefined) : fileType === 0 ? 'pdf' : 'image';
  return { kind, bytes: isUrl ? await fetch(file) : decodeBase64(file, 'file') };
}

/** Of a URL by its extension, as PaddleX does; Base64 has none. */
function inferKind(url: string | undefined): DocumentKind {
  if (url === undefined) {
    throw fieldInvalid('fileType', 'File type cannot be determined; set fileType to 0 (PDF) or 1 (image)');
  }
  const name = URL.canParse(url) ? (new URL(url).pathname.split('/').at(-1) ?? '') : '';
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  const kind = Object.hasOwn(kindOfExtension, extension) ? kindOfExtension[extension] : undefined;
  if (!kind) throw fieldInvalid('file', 'Unsupported file type; if it is a PDF or an image, set fileType to 0 or 1');
  return kind;
}
