/** What a crop went through. */
export interface CropHistory {
  /** Shards that died while it was there. */
  readonly deathCount: number;
}

/** How a shard died, as far as one of its crops is concerned. */
export interface CropLoss {
  /** The crop may have been the cause: it was part of the run that failed, or nobody knows which run it was. */
  readonly isInvolved: boolean;
  /** Nothing else was on the shard. */
  readonly wasAlone: boolean;
  readonly isOutsideKill: boolean;
}

export type Verdict = 'again' | 'again-alone' | 'poison' | 'given-up';

/** Deaths after which a crop runs alone. */
const suspectCount = 2;

/**
 * What becomes of a crop whose shard died. One that was there at two deaths runs alone next; if the shard dies again,
 * the crop is the cause. A process that was killed from outside proves nothing against it, but counts as an attempt:
 * memory running out looks the same. `maxAttempts` deaths are the end in any case.
 */
export function judgeCrop({ deathCount }: CropHistory, loss: CropLoss, maxAttempts: number): Verdict {
  if (!loss.isInvolved) return deathCount >= suspectCount ? 'again-alone' : 'again';
  const deaths = deathCount + 1;
  if (loss.wasAlone && deaths > suspectCount && !loss.isOutsideKill) return 'poison';
  if (deaths >= maxAttempts) return loss.wasAlone ? 'poison' : 'given-up';
  return deaths >= suspectCount ? 'again-alone' : 'again';
}
