import type { Shard } from './shard.js';

/** Deaths in a row of which the layout detector may be the cause, after which the device detects no more. */
const mostDeaths = 2;
/** So many pages detected make what was before forgotten. */
const stableCount = 32;

/**
 * Whether a device is still given pages to detect. Where its detector does not work, or does not fit into its memory,
 * every page would bring the device down, and its crops with it; the prepare threads can detect as well.
 */
export class DetectorTrust {
  #deathCount = 0;
  #pageCount = 0;

  get isGiven(): boolean {
    return this.#deathCount < mostDeaths;
  }

  /** A page was detected. */
  confirm(): void {
    this.#pageCount++;
    if (this.#pageCount >= stableCount) this.restore();
  }

  /** The device died: of the detector, if that was running, or failed to start in a life that was never proven. */
  judgeDeath(shards: readonly Shard[], wasProven: boolean): void {
    const mayBeCause = ({ detections, detector }: Shard): boolean =>
      detections.isRunning || (!wasProven && detector?.isOpen === false);
    if (!shards.some(mayBeCause)) return;
    this.#deathCount++;
    this.#pageCount = 0;
  }

  /** An operator wants it tried again. */
  restore(): void {
    this.#deathCount = 0;
    this.#pageCount = 0;
  }
}
