import { ModelError, type RgbImage } from '#models';
import { decodeImage, readImageSizes } from './decode-image.js';
import type { PdfCache } from './pdf-cache.js';
import type { OpenedDocument, PrepareLimits, SharedDocument } from './prepare-protocol.js';
import { sniffInput } from './sniff-input.js';

/**
 * Kind and page sizes of a document, from its headers; no pixel is decoded. A PDF page without a size has 0x0: it fails
 * when it is drawn, the others do not.
 * Throws INPUT_EMPTY, INPUT_UNSUPPORTED, IMAGE_UNREADABLE, IMAGE_TOO_LARGE, PDF_UNREADABLE, PDF_ENCRYPTED, PDF_EMPTY
 * or TOO_MANY_PAGES.
 */
export async function openDocument(
  document: SharedDocument,
  limits: PrepareLimits,
  pdfs: PdfCache,
): Promise<OpenedDocument> {
  const format = sniffInput(document.bytes);
  if (format !== 'pdf') return { kind: 'image', pages: await readImageSizes(document.bytes, format, limits) };
  return pdfs.with(document, (pdf) => {
    if (pdf.pageCount > limits.maxPages) {
      throw new ModelError('TOO_MANY_PAGES', `The PDF has ${pdf.pageCount} pages; ${limits.maxPages} are allowed.`);
    }
    const pages = Array.from({ length: pdf.pageCount }, (_, index) => pdf.pageSize(index, limits.pdfDpi));
    if (pages.every(({ width }) => width === 0)) {
      throw new ModelError('PDF_UNREADABLE', 'The PDF is broken: none of its pages can be read.');
    }
    return { kind: 'pdf', pages };
  });
}

/** One page of a document as upright pixels. Throws as `openDocument`, also for damage that headers do not show. */
export async function decodePage(
  document: SharedDocument,
  pageIndex: number,
  limits: PrepareLimits,
  pdfs: PdfCache,
): Promise<RgbImage> {
  const format = sniffInput(document.bytes);
  if (format !== 'pdf') return decodeImage(document.bytes, format, pageIndex, limits);
  return pdfs.with(document, (pdf) => pdf.renderPage(pageIndex, limits.pdfDpi));
}
