import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp, { type SharpOptions } from 'sharp';

export interface BadFile {
  readonly name: string;
  /** The code every way in must answer with. */
  readonly code: string;
  bytes(): Promise<Uint8Array> | Uint8Array;
}

const fixture = (name: string): Uint8Array =>
  readFileSync(fileURLToPath(new URL(`../fixtures/inputs/${name}`, import.meta.url)));

/** A white PNG of any shape. */
function blank(width: number, height: number): Promise<Uint8Array> {
  return sharp({ create: { width, height, channels: 3, background: 'white' }, limitInputPixels: false })
    .png()
    .toBuffer();
}

async function truncatedJpeg(): Promise<Uint8Array> {
  const noise = {
    create: {
      width: 400,
      height: 300,
      channels: 3,
      background: 'grey',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  } as const;
  const whole = await sharp(noise as SharpOptions)
    .jpeg()
    .toBuffer();
  return whole.subarray(0, Math.floor(whole.length / 3));
}

/** Files that can never be read, each with its code. */
export const badFiles: readonly BadFile[] = [
  { name: 'empty.png', code: 'INPUT_EMPTY', bytes: () => new Uint8Array(0) },
  { name: 'text.png', code: 'INPUT_UNSUPPORTED', bytes: () => Buffer.from('this is not a picture\n') },
  { name: 'unknown.bin', code: 'INPUT_UNSUPPORTED', bytes: () => Buffer.from('PK\x03\x04 some archive') },
  { name: 'truncated.jpg', code: 'IMAGE_UNREADABLE', bytes: truncatedJpeg },
  { name: 'header-only.png', code: 'IMAGE_UNREADABLE', bytes: () => fixture('plain.png').subarray(0, 20) },
  { name: 'bomb.png', code: 'IMAGE_TOO_LARGE', bytes: () => fixture('bomb.png') },
  { name: 'thin.png', code: 'IMAGE_ASPECT_RATIO', bytes: () => blank(1, 5000) },
  { name: 'wide.png', code: 'IMAGE_ASPECT_RATIO', bytes: () => blank(20_000, 20) },
  { name: 'encrypted.pdf', code: 'PDF_ENCRYPTED', bytes: () => fixture('encrypted.pdf') },
  { name: 'broken.pdf', code: 'PDF_UNREADABLE', bytes: () => fixture('broken.pdf') },
  { name: 'no-pages.pdf', code: 'PDF_EMPTY', bytes: () => fixture('no-pages.pdf') },
];
