import { ModelError } from '#models';
import { openPdf, type PdfDocument } from './pdf-document.js';
import { openPdfLibrary, type PdfLibrary } from './pdf-library.js';
import type { SharedDocument } from './prepare-protocol.js';

const maxOpenCount = 4;
const maxOpenBytes = 256 * 1024 ** 2;
/** Memory of an idle PDFium above which it is replaced, as it never gives any back. */
const idleHeapBytes = 128 * 1024 ** 2;

/** PDFs this thread has open, the least recently used closed first, so that pages in a row parse the file once. */
export interface PdfCache {
  /** Runs `use` on the open document; `use` must not keep it. Throws what `openPdf` throws. */
  with<T>(document: SharedDocument, use: (pdf: PdfDocument) => T): Promise<T>;
  drop(documentId: string): void;
  readonly openCount: number;
}

export function createPdfCache(): PdfCache {
  /** In order of use: a Map keeps the order of insertion. */
  const open = new Map<string, { readonly pdf: PdfDocument; readonly byteCount: number }>();
  let library: PdfLibrary | null = null;

  function drop(documentId: string): void {
    open.get(documentId)?.pdf.close();
    open.delete(documentId);
    if (open.size === 0 && library && library.HEAPU8.length > idleHeapBytes) library = null;
  }

  function openBytes(): number {
    let sum = 0;
    for (const { byteCount } of open.values()) sum += byteCount;
    return sum;
  }

  /** A trap leaves PDFium in an unknown state: everything it held is let go of without another call into it. */
  function abandon(): void {
    open.clear();
    library = null;
  }

  async function get({ documentId, bytes }: SharedDocument): Promise<PdfDocument> {
    const known = open.get(documentId);
    open.delete(documentId);
    if (known) {
      open.set(documentId, known);
      return known.pdf;
    }
    for (const oldest of open.keys()) {
      if (open.size < maxOpenCount && openBytes() + bytes.length <= maxOpenBytes) break;
      drop(oldest);
    }
    library ??= await openPdfLibrary();
    const pdf = openPdf(library, bytes);
    open.set(documentId, { pdf, byteCount: bytes.length });
    return pdf;
  }

  return {
    async with(document, use) {
      try {
        return use(await get(document));
      } catch (error) {
        if (error instanceof ModelError) throw error;
        abandon();
        throw new ModelError('PDF_UNREADABLE', `The PDF made its reader fail: ${(error as Error).message}`, {
          cause: error,
        });
      }
    },
    drop,
    get openCount() {
      return open.size;
    },
  };
}
