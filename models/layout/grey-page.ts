import type { RgbImage } from '../image/rgb-image.js';

/** A page in grey, at a working resolution. */
export interface GreyPage {
  readonly width: number;
  readonly height: number;
  /** Bytes of a row, a multiple of eight; those beyond `width` are 0. */
  readonly stride: number;
  /** Luma (Rec. 601 weights) averaged over squares, row by row. */
  readonly data: Uint8Array;
}

const red = 77;
const green = 150;
const blue = 29;

/** The page averaged down over squares of `step` pixels; what is left over at the right and at the bottom is left out. */
export function toGreyPage(page: RgbImage, step: number): GreyPage {
  const width = Math.max(1, Math.floor(page.width / step));
  const height = Math.max(1, Math.floor(page.height / step));
  const stride = Math.ceil(width / 8) * 8;
  const data = new Uint8Array(stride * height);
  const grey: GreyPage = { width, height, stride, data };
  const areWords = page.data.byteOffset % 4 === 0 && page.width % 4 === 0 && page.height >= step;
  if (areWords && step === 1) greyWords(page, grey);
  else if (areWords && step === 2) halveWords(page, grey);
  else average(page, step, grey);
  return grey;
}

function average({ data, width: pageWidth }: RgbImage, step: number, grey: GreyPage): void {
  const { width, height, stride } = grey;
  const area = step * step * 256;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let dy = 0; dy < step; dy++) {
        let at = ((y * step + dy) * pageWidth + x * step) * 3;
        for (let dx = 0; dx < step; dx++, at += 3) sum += data[at] * red + data[at + 1] * green + data[at + 2] * blue;
      }
      grey.data[y * stride + x] = sum / area;
    }
  }
}

/** `average` over single pixels, four at a time: three words hold RGBR GBRG BRGB. */
function greyWords({ data, width }: RgbImage, grey: GreyPage): void {
  const words = new Int32Array(data.buffer, data.byteOffset, data.length / 4);
  const fours = new Int32Array(grey.data.buffer);
  for (let y = 0, at = 0; y < grey.height; y++) {
    const first = (y * grey.stride) / 4;
    for (let four = first; four < first + width / 4; four++, at += 3) {
      const a = words[at];
      const b = words[at + 1];
      const c = words[at + 2];
      if ((a & b & c) === -1) {
        fours[four] = -1;
        continue;
      }
      const first = (a & 255) * red + ((a >> 8) & 255) * green + ((a >> 16) & 255) * blue;
      const second = (a >>> 24) * red + (b & 255) * green + ((b >> 8) & 255) * blue;
      const third = ((b >> 16) & 255) * red + (b >>> 24) * green + (c & 255) * blue;
      const fourth = ((c >> 8) & 255) * red + ((c >> 16) & 255) * green + (c >>> 24) * blue;
      fours[four] = (first >> 8) | (second & 0xff00) | ((third & 0xff00) << 8) | ((fourth & 0xff00) << 16);
    }
  }
}

/** `average` over squares of two, four pixels of two rows at a time. */
function halveWords({ data, width }: RgbImage, grey: GreyPage): void {
  const words = new Int32Array(data.buffer, data.byteOffset, data.length / 4);
  const pairs = new Uint16Array(grey.data.buffer);
  const rowWords = (width / 4) * 3;
  const low = 0xff00ff;
  for (let y = 0; y < grey.height; y++) {
    let out = (y * grey.stride) / 2;
    const first = y * 2 * rowWords;
    for (let at = first; at < first + rowWords; at += 3, out++) {
      const a = words[at];
      const b = words[at + 1];
      const c = words[at + 2];
      const d = words[at + rowWords];
      const e = words[at + rowWords + 1];
      const f = words[at + rowWords + 2];
      if ((a & b & c & d & e & f) === -1) {
        pairs[out] = 0xffff;
        continue;
      }
      // Both rows added up, bytes 0 and 2, then 1 and 3, in the halves of a word.
      const a0 = (a & low) + (d & low);
      const a1 = ((a >>> 8) & low) + ((d >>> 8) & low);
      const b0 = (b & low) + (e & low);
      const b1 = ((b >>> 8) & low) + ((e >>> 8) & low);
      const c0 = (c & low) + (f & low);
      const c1 = ((c >>> 8) & low) + ((f >>> 8) & low);
      const left =
        ((a0 & 0xffff) + (a1 >> 16)) * red +
        ((a1 & 0xffff) + (b0 & 0xffff)) * green +
        ((a0 >> 16) + (b1 & 0xffff)) * blue;
      const right =
        ((b0 >> 16) + (c1 & 0xffff)) * red + ((b1 >> 16) + (c0 >> 16)) * green + ((c0 & 0xffff) + (c1 >> 16)) * blue;
      pairs[out] = (left >> 10) | ((right >> 10) << 8);
    }
  }
}
