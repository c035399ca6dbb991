import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { drawLayout } from '../../../pool/prepare/draw-layout.js';

const white = { width: 400, height: 200, data: new Uint8Array(400 * 200 * 3).fill(255) };

async function pixels(jpeg: Uint8Array) {
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
  return { info, isWhite: (x: number, y: number) => at(x, y).every((value) => value > 235) };
}

describe('drawLayout', () => {
  it('draws each box where it is and leaves its inside alone', async () => {
    const region = { label: 'table', box: [100, 60, 300, 160], score: 0.912, order: 0 } as const;
    const { info, isWhite } = await pixels(
      await drawLayout({ image: white, regions: [region], maxSide: 2000, quality: 95 }),
    );
    expect([info.format, info.width, info.height]).toEqual(['raw', 400, 200]);
    for (const [x, y] of [
      [100, 110],
      [300, 110],
      [200, 60],
      [200, 160],
    ] as const)
      expect(isWhite(x, y)).toBe(false);
    for (const [x, y] of [
      [200, 110],
      [350, 110],
      [50, 110],
      [200, 180],
    ] as const)
      expect(isWhite(x, y)).toBe(true);
  });

  it('scales boxes with the page', async () => {
    const region = { label: 'text', box: [0, 100, 400, 200], score: 0.5, order: 0 } as const;
    const { info, isWhite } = await pixels(
      await drawLayout({ image: white, regions: [region], maxSide: 200, quality: 95 }),
    );
    expect([info.width, info.height]).toEqual([200, 100]);
    expect(isWhite(150, 50)).toBe(false);
    expect(isWhite(150, 75)).toBe(true);
  });

  it('is the bare page without detections', async () => {
    const { isWhite } = await pixels(await drawLayout({ image: white, regions: [], maxSide: 2000, quality: 95 }));
    expect(isWhite(0, 0) && isWhite(200, 100)).toBe(true);
  });
});
