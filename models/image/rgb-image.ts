/** An upright 8-bit sRGB picture: rows from top to bottom, three bytes (R, G, B) a pixel, no padding. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** `width * height * 3` bytes. */
  readonly data: Uint8Array;
}
