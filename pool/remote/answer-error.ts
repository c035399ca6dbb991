/** An answer of another server that is not the one asked for. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';

  constructor(
    readonly status: number,
    /** Of the error body; empty where it has none, as that of a proxy. */
    readonly code: string,
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
  }
}
