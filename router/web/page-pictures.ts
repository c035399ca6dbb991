import type { DocumentState } from './document-state.js';
import { isShownByBrowsers } from './request-reading.js';

/** Pictures of pages as addresses for `<img>` and as bitmaps to cut from. */
export interface PagePictures {
  /** Null while the server has not sent the page yet. */
  addressOf(document: DocumentState, pageNumber: number): string | null;
  bitmapOf(document: DocumentState, pageNumber: number): Promise<ImageBitmap | null>;
  /** Frees the addresses of a document that is shown no more. */
  release(document: DocumentState): void;
}

/** Bitmaps kept decoded; a page of 4 megapixels takes 16 MB. */
const maxBitmapCount = 4;

/** `fileOf` gives the browser's own file where it has it. */
export function createPagePictures(fileOf: (documentId: string) => Blob | null): PagePictures {
  const addresses = new WeakMap<Blob, string>();
  const bitmaps = new Map<Blob, Promise<ImageBitmap | null>>();

  function blobOf(document: DocumentState, pageNumber: number): Blob | null {
    const sent = document.pages.get(pageNumber)?.picture;
    if (sent) return sent;
    const file = fileOf(document.id);
    return file && isShownByBrowsers(file) ? file : null;
  }

  const free = (blob: Blob | null) => {
    const address = blob && addresses.get(blob);
    if (!blob || !address) return;
    URL.revokeObjectURL(address);
    addresses.delete(blob);
    bitmaps.delete(blob);
  };

  return {
    release: (document) => {
      free(fileOf(document.id));
      for (const page of document.pages.values()) free(page.picture);
    },
    addressOf: (document, pageNumber) => {
      const blob = blobOf(document, pageNumber);
      if (!blob) return null;
      const address = addresses.get(blob) ?? URL.createObjectURL(blob);
      addresses.set(blob, address);
      return address;
    },
    bitmapOf: (document, pageNumber) => {
      const blob = blobOf(document, pageNumber);
      if (!blob) return Promise.resolve(null);
      const bitmap = bitmaps.get(blob) ?? createImageBitmap(blob).catch(() => null);
      bitmaps.set(blob, bitmap);
      const [oldest] = bitmaps;
      if (bitmaps.size > maxBitmapCount && oldest) {
        bitmaps.delete(oldest[0]);
      }
      return bitmap;
    },
  };
}
