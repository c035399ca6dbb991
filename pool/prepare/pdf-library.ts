import { PDFiumModule } from '@hyzyla/pdfium';

/** The functions of PDFium that we call, as WebAssembly exports them; handles and pointers are numbers. */
export interface PdfLibrary {
  readonly HEAPU8: Uint8Array;
  readonly wasmExports: { malloc(size: number): number; free(pointer: number): void };
  _FPDF_InitLibrary(): void;
  _FPDF_LoadMemDocument(bytes: number, size: number, password: number): number;
  _FPDF_CloseDocument(document: number): void;
  _FPDF_GetLastError(): number;
  _FPDF_GetPageCount(document: number): number;
  _FPDF_GetPageSizeByIndexF(document: number, pageIndex: number, size: number): number;
  _FPDF_LoadPage(document: number, pageIndex: number): number;
  _FPDF_ClosePage(page: number): void;
  _FPDF_GetPageWidth(page: number): number;
  _FPDF_GetPageHeight(page: number): number;
  _FPDFBitmap_CreateEx(width: number, height: number, format: number, pixels: number, stride: number): number;
  _FPDFBitmap_FillRect(bitmap: number, left: number, top: number, width: number, height: number, colour: number): void;
  _FPDFBitmap_Destroy(bitmap: number): void;
  _FPDF_RenderPageBitmap(
    bitmap: number,
    page: number,
    startX: number,
    startY: number,
    sizeX: number,
    sizeY: number,
    rotate: number,
    flags: number,
  ): void;
  _FPDFDOC_InitFormFillEnvironment(document: number, callbacks: number): number;
  _FPDFDOC_ExitFormFillEnvironment(form: number): void;
  _FORM_OnAfterLoadPage(page: number, form: number): void;
  _FORM_OnBeforeClosePage(page: number, form: number): void;
  _FPDF_FFLDraw(
    form: number,
    bitmap: number,
    page: number,
    startX: number,
    startY: number,
    sizeX: number,
    sizeY: number,
    rotate: number,
    flags: number,
  ): void;
}

/**
 * Loads a fresh PDFium. Its memory only grows and goes with the instance, so the holder opens a new one from time to
 * time. The package's own page class is not used: it renders text for LCD stripes into four channels and keeps every
 * page that is only measured.
 */
export async function openPdfLibrary(): Promise<PdfLibrary> {
  const quiet = { print: () => {}, printErr: () => {} };
  const library = (await PDFiumModule(quiet as Parameters<typeof PDFiumModule>[0])) as unknown as PdfLibrary;
  library._FPDF_InitLibrary();
  return library;
}
