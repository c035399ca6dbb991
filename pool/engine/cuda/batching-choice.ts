import type { CropPatches } from '#models';

/** Pictures from this size on are encoded one by one. */
export const largePatchCount = 2048;
/** A size seen more often than this will come again. */
const frequentCount = 6;
/** Beside padding an exact size gains less, so it takes longer to pay for its first run. */
const frequentBesidePadded = 16;
/** Sizes are rounded up to multiples of this. There are few of them, and they come again soon. */
const paddedTo = 128;
const frequentPadded = 2;

/**
 * Chooses the attention of a vision run. That of batches is faster on large pictures, but its first run on each size
 * takes some 70 ms more than the packed one: it pays for sizes that come again and again. Padded sizes do so whatever
 * the pictures are.
 */
export class BatchingChoice {
  /** How often a large picture was encoded, by its patches and by those it has when padded. */
  readonly #exact = new Map<number, number>();
  readonly #padded = new Map<number, number>();
  readonly #canPad: boolean;

  /** `canPad`: the device attends over padded pictures as fast as over others. */
  constructor(canPad: boolean) {
    this.#canPad = canPad;
  }

  /** Patches that each picture takes in a batch, padding included; null for the packed attention. */
  batchLength(images: readonly CropPatches[]): number | null {
    const count = images[0].gridHeight * images[0].gridWidth;
    if (images.length > 1 || count < largePatchCount) return null;
    const exactCount = see(this.#exact, count);
    if (exactCount > (this.#canPad ? frequentBesidePadded : frequentCount)) return count;
    const length = Math.ceil(count / paddedTo) * paddedTo;
    return this.#canPad && see(this.#padded, length) > frequentPadded ? length : null;
  }
}

function see(counts: Map<number, number>, size: number): number {
  const count = (counts.get(size) ?? 0) + 1;
  counts.set(size, count);
  return count;
}
