/** Why a generated sequence ended. `repetition` is the loop guard, `length` the token limit. */
export type FinishReason = 'stop' | 'length' | 'repetition';

/** What the reader made of one crop. */
export interface Reading {
  /** Decoded text; special tokens skipped unless asked for, table and location tokens kept. */
  readonly text: string;
  /** Generated token ids, the stop id included when it ended the sequence. */
  readonly tokenIds: readonly number[];
  /** Natural log-probability of each generated token. */
  readonly logprobs: readonly number[];
  readonly finishReason: FinishReason;
}
