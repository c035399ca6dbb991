import fc from 'fast-check';
import type { RgbImage } from '../../models/image/rgb-image.js';

/** Small pages of every width and height: noise, noise without colour, print on white, and even grounds. */
export function arbitraryPage(mostWidth: number, mostHeight: number): fc.Arbitrary<RgbImage> {
  return fc
    .record({
      width: fc.integer({ min: 1, max: mostWidth }),
      height: fc.integer({ min: 1, max: mostHeight }),
      kind: fc.constantFrom('noise', 'grey noise', 'print', 'grey print', 'even'),
      seed: fc.integer(),
    })
    .map(({ width, height, kind, seed }) => {
      const data = new Uint8Array(width * height * 3).fill(255);
      let state = seed;
      const random = (below: number) => {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        return (state >>> 8) % below;
      };
      const ground = random(256);
      for (let pixel = 0; pixel < width * height; pixel++) {
        const isInk = kind.endsWith('noise') || random(12) === 0;
        const colour = kind === 'even' ? [ground, ground, ground] : [random(256), random(256), random(256)];
        if (kind.startsWith('grey')) colour.fill(colour[0]);
        if (isInk || kind === 'even') data.set(colour, pixel * 3);
      }
      return { width, height, data };
    });
}

/** The same page, a byte off what whole words can be read from. */
export function shifted(page: RgbImage): RgbImage {
  const data = new Uint8Array(page.data.length + 1).subarray(1);
  data.set(page.data);
  return { ...page, data };
}
