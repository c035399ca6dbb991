/** A shard that has room, as a policy sees it. */
export interface ShardLoad {
  /** `cpu:0/1`: stays the same over the life of the pool. */
  readonly name: string;
  /** Predicted milliseconds of what it holds. */
  readonly outstandingCost: number;
  readonly runningCount: number;
}

/** Chooses the shard that takes the next crop. `loads` is never empty. */
export interface BalancerPolicy {
  choose(loads: readonly ShardLoad[]): ShardLoad;
}
