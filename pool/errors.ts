/** Stable codes of everything that can go wrong between accepting a document and answering it. */
export const poolErrorCodes = [
  'OVERLOADED',
  'DEADLINE_EXCEEDED',
  'CANCELLED',
  'SHUTTING_DOWN',
  'NO_DEVICE',
  'DEVICE_LOST',
  'POISON_CROP',
  'CROP_TOO_LONG',
  'CROP_INVALID',
  'MODEL_MISMATCH',
  'PREPARE_FAILED',
  'DEVICE_UNKNOWN',
  'DEVICE_STATE',
] as const;

export type PoolErrorCode = (typeof poolErrorCodes)[number];

/** A failure of the pool; `detail` holds plain values such as `retryAfterMs`. */
export class PoolError extends Error {
  override readonly name = 'PoolError';

  constructor(
    readonly code: PoolErrorCode,
    message: string,
    readonly detail: Readonly<Record<string, string | number | boolean>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A failure as plain data: how errors cross a thread, a process or the result of a block. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}
