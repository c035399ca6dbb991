/** A snapshot of the pool in plain numbers, for `/metrics` and the devices page. */
export interface PoolStats {
  readonly documentsInFlight: number;
  readonly pagesInFlight: number;
  readonly cropsQueued: number;
  readonly cropsRunning: number;
  /** Cost units (see the cost model) waiting and running. */
  readonly queuedCost: number;
  readonly runningCost: number;
  readonly bytesHeld: number;
  readonly prepareQueued: number;
  readonly prepareRunning: number;
  readonly predictedWaitMs: number;
}
