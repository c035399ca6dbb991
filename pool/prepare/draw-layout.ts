import sharp from 'sharp';
import type { Region } from '#models';
import type { LayoutPictureTask } from './prepare-protocol.js';

/** The page with its detections drawn on it: each box in the colour of its class, with label and score. */
export async function drawLayout({
  image,
  regions,
  maxSide,
  quality,
}: LayoutPictureTask): Promise<Uint8Array<ArrayBuffer>> {
  const scale = Math.min(1, maxSide / Math.max(image.width, image.height));
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(image.height * scale));
  const raw = { width: image.width, height: image.height, channels: 3 } as const;
  const jpeg = await sharp(image.data, { raw, limitInputPixels: false })
    .resize({ width, height, fit: 'fill' })
    .composite([{ input: Buffer.from(overlay(regions, width, height, scale)) }])
    .jpeg({ quality })
    .toBuffer();
  return new Uint8Array(jpeg);
}

function overlay(regions: readonly Region[], width: number, height: number, scale: number): string {
  const fontSize = Math.min(24, Math.max(10, Math.round(Math.max(width, height) / 90)));
  const marks = regions.map(({ label, box, score }) => {
    const [x0, y0, x1, y1] = box.map((value) => Math.round(value * scale));
    const colour = colourOf(label);
    const text = `${label} ${score.toFixed(2)}`;
    const textWidth = Math.ceil(text.length * fontSize * 0.62) + 4;
    // A label above the top of the page would be cut off.
    const top = Math.max(0, y0 - fontSize - 2);
    return [
      `<rect x="${x0}" y="${y0}" width="${x1 - x0}" height="${y1 - y0}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      `<rect x="${x0}" y="${top}" width="${textWidth}" height="${fontSize + 2}" fill="${colour}"/>`,
      `<text x="${x0 + 2}" y="${top + fontSize - 1}" font-family="monospace" font-size="${fontSize}" fill="#fff">${text}</text>`,
    ].join('');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${marks.join('')}</svg>`;
}

/** A colour for each class, far from that of its neighbours in the list. */
function colourOf(label: string): string {
  const hash = [...label].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 0);
  return `hsl(${hash}, 75%, 38%)`;
}
