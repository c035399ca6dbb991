export type BenchErrorCode =
  | 'TARGET_UNREACHABLE'
  | 'TARGET_REFUSES'
  | 'TARGET_DIED'
  | 'MODEL_UNNAMED'
  | 'PAGES_INVALID'
  | 'DEVICES_TOO_FEW'
  | 'REPORT_UNWRITABLE';

/** Why a benchmark cannot go on; the message says what to change. */
export class BenchError extends Error {
  override readonly name = 'BenchError';

  constructor(
    readonly code: BenchErrorCode,
    message: string,
  ) {
    super(message);
  }
}
