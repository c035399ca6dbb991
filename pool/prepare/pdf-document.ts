import { ModelError, type RgbImage } from '#models';
import type { PdfLibrary } from './pdf-library.js';
import type { PageSize } from './prepare-protocol.js';

/** Most pixels a page is rendered to: an A0 sheet at 144 dpi has 32 million. Larger pages get a lower resolution. */
export const maxRenderedPixels = 50_000_000;

const errorPassword = 4;
const errorSecurity = 5;
/** Three bytes a pixel; with `reverseByteOrder` they are R, G, B. */
const bitmapFormatBgr = 2;
const drawAnnotations = 0x01;
const reverseByteOrder = 0x10;
const white = 0xffffffff;
const formCallbacksSize = 256;
const formCallbacksVersion = 2;

/** An open PDF; pages are drawn with their annotations and filled-in form fields, as PaddleX has them. */
export interface PdfDocument {
  readonly pageCount: number;
  /** Pixels a page will have at `dpi`, rounded up; 0x0 for a broken page. */
  pageSize(pageIndex: number, dpi: number): PageSize;
  /** Throws PDF_UNREADABLE where the page cannot be drawn. */
  renderPage(pageIndex: number, dpi: number): RgbImage;
  close(): void;
}

/** Opens a PDF from its bytes. Throws PDF_ENCRYPTED, PDF_UNREADABLE or PDF_EMPTY. */
export function openPdf(library: PdfLibrary, bytes: Uint8Array): PdfDocument {
  const { malloc, free } = library.wasmExports;
  const file = malloc(bytes.length);
  if (file === 0) throw new ModelError('PDF_UNREADABLE', 'The PDF does not fit into the memory of its reader.');
  library.HEAPU8.set(bytes, file);
  const document = library._FPDF_LoadMemDocument(file, bytes.length, 0);
  if (document === 0) {
    const error = library._FPDF_GetLastError();
    free(file);
    if (error === errorPassword || error === errorSecurity) {
      throw new ModelError('PDF_ENCRYPTED', 'The PDF is protected by a password; remove the protection first.');
    }
    throw new ModelError('PDF_UNREADABLE', 'The PDF is broken: its structure cannot be read.');
  }
  const form = openForm(library, document);
  const pageCount = library._FPDF_GetPageCount(document);

  const opened: PdfDocument = {
    pageCount,
    pageSize(pageIndex, dpi) {
      const size = malloc(8);
      try {
        const found = library._FPDF_GetPageSizeByIndexF(document, pageIndex, size) !== 0;
        const view = new DataView(library.HEAPU8.buffer, size, 8);
        return found ? pixelSize(view.getFloat32(0, true), view.getFloat32(4, true), dpi) : { width: 0, height: 0 };
      } finally {
        free(size);
      }
    },
    renderPage: (pageIndex, dpi) => renderPage(library, { document, form: form.id, pageIndex, dpi }),
    close() {
      if (form.id !== 0) library._FPDFDOC_ExitFormFillEnvironment(form.id);
      free(form.callbacks);
      library._FPDF_CloseDocument(document);
      free(file);
    },
  };
  if (pageCount <= 0) {
    opened.close();
    throw new ModelError('PDF_EMPTY', 'The PDF has no pages.');
  }
  return opened;
}

/** Form fields are drawn by an environment of their own; a document whose form is broken goes without (id 0). */
function openForm(library: PdfLibrary, document: number): { readonly id: number; readonly callbacks: number } {
  const callbacks = library.wasmExports.malloc(formCallbacksSize);
  library.HEAPU8.fill(0, callbacks, callbacks + formCallbacksSize);
  new DataView(library.HEAPU8.buffer).setUint32(callbacks, formCallbacksVersion, true);
  return { id: library._FPDFDOC_InitFormFillEnvironment(document, callbacks), callbacks };
}

interface RenderRequest {
  readonly document: number;
  readonly form: number;
  readonly pageIndex: number;
  readonly dpi: number;
}

function renderPage(library: PdfLibrary, { document, form, pageIndex, dpi }: RenderRequest): RgbImage {
  const { malloc, free } = library.wasmExports;
  const page = library._FPDF_LoadPage(document, pageIndex);
  if (page === 0) throw unreadablePage(pageIndex);
  let pixels = 0;
  let bitmap = 0;
  try {
    const { width, height } = pixelSize(library._FPDF_GetPageWidth(page), library._FPDF_GetPageHeight(page), dpi);
    if (width === 0 || height === 0) throw unreadablePage(pageIndex);
    const stride = Math.ceil((width * 3) / 4) * 4;
    pixels = malloc(stride * height);
    if (pixels !== 0) bitmap = library._FPDFBitmap_CreateEx(width, height, bitmapFormatBgr, pixels, stride);
    if (bitmap === 0)
      throw new ModelError('PDF_UNREADABLE', `There is no memory to draw page ${pageIndex + 1} of the PDF.`);
    library._FPDFBitmap_FillRect(bitmap, 0, 0, width, height, white);
    if (form !== 0) library._FORM_OnAfterLoadPage(page, form);
    library._FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, drawAnnotations | reverseByteOrder);
    if (form !== 0) {
      library._FPDF_FFLDraw(form, bitmap, page, 0, 0, width, height, 0, reverseByteOrder);
      library._FORM_OnBeforeClosePage(page, form);
    }
    return { width, height, data: copyRows(library.HEAPU8.subarray(pixels), width * 3, stride, height) };
  } finally {
    if (bitmap !== 0) library._FPDFBitmap_Destroy(bitmap);
    if (pixels !== 0) free(pixels);
    library._FPDF_ClosePage(page);
  }
}

/** Page size in points (1/72 inch) to pixels, under `maxRenderedPixels`. */
function pixelSize(pointWidth: number, pointHeight: number, dpi: number): PageSize {
  if (!(pointWidth > 0 && pointHeight > 0)) return { width: 0, height: 0 };
  const wanted = dpi / 72;
  const scale = Math.min(wanted, Math.sqrt(maxRenderedPixels / (pointWidth * pointHeight)));
  return { width: Math.ceil(pointWidth * scale), height: Math.ceil(pointHeight * scale) };
}

function copyRows(source: Uint8Array, rowBytes: number, stride: number, height: number): Uint8Array {
  if (rowBytes === stride) return source.slice(0, rowBytes * height);
  const data = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) data.set(source.subarray(y * stride, y * stride + rowBytes), y * rowBytes);
  return data;
}

function unreadablePage(pageIndex: number): ModelError {
  return new ModelError('PDF_UNREADABLE', `Page ${pageIndex + 1} of the PDF cannot be drawn.`);
}
