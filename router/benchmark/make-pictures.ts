import sharp from 'sharp';
import { drawPrint } from './draw-print.js';
import type { Shape } from './shape.js';

/** What pictures of a shape may take together: beyond it they are sent again. */
const limits = { bytes: 512 * 1024 ** 2, count: 4096, ms: 20_000 };
const atOnce = 4;

/**
 * Up to `count` pictures of a size as JPEG, all different: a server that remembers what it has read (prefix and image
 * caches are common) would otherwise be measured at remembering. Fewer come back where they would take too much memory or time.
 */
export async function makePictures(
  { width, height }: Pick<Shape, 'width' | 'height'>,
  count: number,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const pictures: Uint8Array[] = [];
  const wanted = Math.min(count, limits.count);
  const deadline = performance.now() + limits.ms;
  let byteCount = 0;
  while (pictures.length < wanted && byteCount < limits.bytes && performance.now() < deadline && !signal.aborted) {
    const seeds = Array.from({ length: Math.min(atOnce, wanted - pictures.length) }, (_, i) => pictures.length + i);
    const made = await Promise.all(
      seeds.map((seed) =>
        sharp(drawPrint(width, height, seed), { raw: { width, height, channels: 1 } })
          .toColourspace('srgb')
          .jpeg({ quality: 85 })
          .toBuffer(),
      ),
    );
    pictures.push(...made);
    byteCount += made.reduce((sum, { length }) => sum + length, 0);
  }
  return pictures;
}
