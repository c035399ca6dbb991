import type { CropPatches } from '#models';

/** Pictures from this size on are encoded one by one. */
export const largePatchCount = 2048;
/** A size seen more often than this will come again. */
const frequentCount = 6;

/**
 * Chooses the attention of a vision run. That of batches is faster on large pictures, but its first run on each size
 * takes some 70 ms more than the packed one: it pays for sizes that come again and again.
 */
export class BatchingChoice {
  /** How often a large picture of a patch count has been encoded. */
  readonly #seen = new Map<number, number>();

  isWorthBatching(images: readonly CropPatches[]): boolean {
    const count = images[0].gridHeight * images[0].gridWidth;
    if (images.length > 1 || count < largePatchCount) return false;
    const seen = (this.#seen.get(count) ?? 0) + 1;
    this.#seen.set(count, seen);
    return seen > frequentCount;
  }
}
