import type { CropPatches } from './crop-patches.js';
import type { RgbImage } from './rgb-image.js';

/** Cuts a picture whose sides are multiples of `patchSize` into the layout of `CropPatches`. */
export function cutPatches(image: RgbImage, patchSize: number): CropPatches {
  const gridHeight = image.height / patchSize;
  const gridWidth = image.width / patchSize;
  const plane = patchSize * patchSize;
  const stride = image.width * 3;
  const source = image.data;
  const patches = new Uint8Array(gridHeight * gridWidth * 3 * plane);
  let out = 0;
  for (let row = 0; row < gridHeight; row++) {
    for (let column = 0; column < gridWidth; column++) {
      const corner = row * patchSize * stride + column * patchSize * 3;
      for (let y = 0; y < patchSize; y++) {
        let at = corner + y * stride;
        for (let x = 0; x < patchSize; x++) {
          patches[out] = source[at];
          patches[out + plane] = source[at + 1];
          patches[out + 2 * plane] = source[at + 2];
          out++;
          at += 3;
        }
      }
      out += 2 * plane;
    }
  }
  return { gridHeight, gridWidth, patches };
}
