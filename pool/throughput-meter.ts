/** How much cost the pool gets done in a millisecond while it is busy. */
export interface ThroughputMeter {
  /** Tells whether anything runs. Idle time does not count. */
  setBusy(isBusy: boolean): void;
  complete(cost: number): void;
  /** Cost per millisecond; `expected` until enough was seen. */
  rate(expected: number): number;
}

/** Busy time after which an observation weighs half. */
const halfLifeMs = 10_000;
/** Busy time below which nothing is known. */
const leastSeenMs = 500;

export function createThroughputMeter(now: () => number = () => performance.now()): ThroughputMeter {
  let busySince: number | null = null;
  let seenMs = 0;
  let seenCost = 0;

  const advance = (): void => {
    if (busySince === null) return;
    const elapsed = now() - busySince;
    busySince += elapsed;
    const decay = 0.5 ** (elapsed / halfLifeMs);
    seenMs = seenMs * decay + elapsed;
    seenCost *= decay;
  };
  return {
    setBusy(isBusy) {
      advance();
      busySince = isBusy ? (busySince ?? now()) : null;
    },
    complete(cost) {
      advance();
      seenCost += cost;
    },
    rate(expected) {
      advance();
      return seenMs < leastSeenMs || seenCost === 0 ? expected : seenCost / seenMs;
    },
  };
}
