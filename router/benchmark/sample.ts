/** What one request came to. Times are milliseconds from its sending. */
export interface Sample {
  readonly totalMs: number;
  /** To the first text: a token, or a block of a page. Null where none came. */
  readonly firstMs: number | null;
  /** As the target counts them; null where it does not tell. */
  readonly promptTokens: number | null;
  readonly outputTokens: number | null;
  /** Pictures, or pages of a document, that were read. */
  readonly imageCount: number;
  /** Why it failed, as a status and a code or a word; null where it was answered to its end. */
  readonly failure: string | null;
  /** Milliseconds the target asked to wait; 0 where it did not. */
  readonly retryAfterMs: number;
}

/** Sends the next request; never rejects. Null when it was called off. */
export type Send = (signal: AbortSignal) => Promise<Sample | null>;
