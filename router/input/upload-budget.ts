import { PoolError } from '#pool';

/** Bytes of request bodies in memory at once, over all requests. */
export interface UploadBudget {
  /** Takes bytes, or throws OVERLOADED when that would pass the limit. */
  take(byteCount: number): void;
  give(byteCount: number): void;
  readonly heldBytes: number;
}

/**
 * A limit on what clients may be uploading together: without it a thousand large uploads fill the memory before
 * the pool is asked about the first.
 */
export function createUploadBudget(limitBytes: number): UploadBudget {
  let heldBytes = 0;
  return {
    take(byteCount) {
      if (heldBytes + byteCount > limitBytes) {
        throw new PoolError('OVERLOADED', 'Too many uploads are under way; try again shortly.', { retryAfterMs: 1000 });
      }
      heldBytes += byteCount;
    },
    give(byteCount) {
      heldBytes -= byteCount;
    },
    get heldBytes() {
      return heldBytes;
    },
  };
}
