import type { CropPatches } from './crop-patches.js';
import type { GreyImage } from './grey-image.js';
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

/** The same for a picture without colour: one channel stands for all three. */
export function cutGreyPatches(image: GreyImage, patchSize: number): CropPatches {
  const gridHeight = image.height / patchSize;
  const gridWidth = image.width / patchSize;
  const patches = new Uint8Array(gridHeight * gridWidth * patchSize * patchSize);
  // Two pixels at a time where they lie so.
  const lane = patchSize % 2 === 0 && image.data.byteOffset % 2 === 0 ? 2 : 1;
  const source = lane === 2 ? asPairs(image.data) : image.data;
  const target = lane === 2 ? asPairs(patches) : patches;
  const stride = image.width / lane;
  const width = patchSize / lane;
  let out = 0;
  for (let row = 0; row < gridHeight; row++) {
    for (let column = 0; column < gridWidth; column++) {
      const corner = row * patchSize * stride + column * width;
      for (let y = 0; y < patchSize; y++) {
        const start = corner + y * stride;
        for (let at = start; at < start + width; at++, out++) target[out] = source[at];
      }
    }
  }
  return { gridHeight, gridWidth, patches, isGrey: true };
}

function asPairs({ buffer, byteOffset, length }: Uint8Array): Uint16Array {
  return new Uint16Array(buffer, byteOffset, length >> 1);
}
