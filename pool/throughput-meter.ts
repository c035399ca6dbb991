/** How much cost the pool gets done while it works. */
export interface ThroughputMeter {
  /** Tells how many workers have something to do. Idle time does not count. */
  setBusy(workerCount: number): void;
  complete(cost: number): void;
  /** Cost that so many workers get done in a millisecond; 1 each until enough was seen. */
  rate(workerCount: number): number;
}

/** Time of one worker after which an observation weighs half. */
const halfLifeMs = 30_000;
/** Time below which nothing is known. */
const leastSeenMs = 500;

/** Measured for each worker, so that what a pool does that has little to do tells what it can do when it is full. */
export function createThroughputMeter(now: () => number = () => performance.now()): ThroughputMeter {
  let busyCount = 0;
  let heardAt = now();
  let seenMs = 0;
  let seenCost = 0;

  const advance = (): void => {
    const elapsed = (now() - heardAt) * busyCount;
    heardAt = now();
    const decay = 0.5 ** (elapsed / halfLifeMs);
    seenMs = seenMs * decay + elapsed;
    seenCost *= decay;
  };
  return {
    setBusy(workerCount) {
      advance();
      busyCount = workerCount;
    },
    complete(cost) {
      advance();
      seenCost += cost;
    },
    rate(workerCount) {
      advance();
      return seenMs < leastSeenMs || seenCost === 0 ? workerCount : (workerCount * seenCost) / seenMs;
    },
  };
}
