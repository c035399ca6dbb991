/**
 * A crop resized to the model's grid and cut into patches, ready for the vision encoder.
 * Patches lie in raster order; inside a patch: channel, then row, then column. Values are unnormalised bytes;
 * the compiled graph normalises them.
 */
export interface CropPatches {
  /** Patch rows and columns, both multiples of the merge size. */
  readonly gridHeight: number;
  readonly gridWidth: number;
  /** `gridHeight * gridWidth * channels * patchSize * patchSize` bytes. */
  readonly patches: Uint8Array;
  /** One channel that stands for all three; else there are three. */
  readonly isGrey?: boolean;
}

/** Bytes of one patch of a crop. */
export function patchByteCount(patchSize: number, isGrey = false): number {
  return patchSize ** 2 * (isGrey ? 1 : 3);
}
