/** Corners `[x0, y0, x1, y1]` in page pixels. */
export type WireBox = readonly [number, number, number, number];

/** A block as `/v1/parse` sends it. */
export interface WireBlock {
  readonly label: string;
  readonly box: WireBox;
  /** Plain text, HTML for tables, LaTeX for formulas; empty for pictures. */
  readonly text: string;
  /** 0 to 1; null where nothing was read. */
  readonly confidence: number | null;
  /** 1-based place in the reading order. */
  readonly order: number;
  readonly truncated?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A page as `/v1/parse` sends it. */
export interface WirePage {
  /** Number of the page in the file, from 1. */
  readonly page: number;
  readonly width: number;
  readonly height: number;
  readonly blocks: readonly WireBlock[];
  readonly markdown: string;
  readonly failedBlockCount?: number;
  /** JPEG of the upright page in base64, when it was asked for. */
  readonly pageJpeg?: string;
}

/** A line of the stream of `/v1/parse`; the last one is `done` or `error`. */
export type WireEvent =
  | {
      readonly type: 'document';
      readonly kind: string;
      readonly pageCount: number;
      readonly pages: readonly number[];
    }
  | {
      readonly type: 'page';
      readonly page: number;
      readonly width: number;
      readonly height: number;
      readonly blocks: readonly Pick<WireBlock, 'label' | 'box' | 'order'>[];
      readonly pageJpeg?: string;
    }
  | { readonly type: 'block'; readonly page: number; readonly block: WireBlock }
  | { readonly type: 'page-done'; readonly page: WirePage }
  | { readonly type: 'done' }
  | { readonly type: 'error'; readonly error: WireError };

/** What every error of the server looks like. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly requestId?: string;
}
