import { PoolError } from '#pool';
import { RouterError } from '../errors.js';
import { openSharedReading, type SharedReading, type StartRun } from './shared-reading.js';

export interface ReadingLimits {
  /** Readings kept at once, running ones included. */
  readonly maxCount: number;
  /** Memory their results may take together. */
  readonly maxBytes: number;
  /** How long a result is kept. */
  readonly keepMs: number;
  /** How long a reading goes on that nobody waits for any more. */
  readonly abandonMs: number;
}

export interface ReadingRequest {
  /** Whose reading it is; nobody else finds it. */
  readonly owner: string;
  /** Told by the client; the same key means the same request. */
  readonly key?: string;
  /** Tells requests apart that carry the same key. */
  readonly fingerprint: string;
  /** It is asked for later by its id. */
  readonly isJob: boolean;
  readonly startRun: StartRun;
}

/** Documents that are read, or were read, for more than one request. Lives in memory: a restart forgets them all. */
export interface ReadingStore {
  /**
   * The reading of a request: a new one, or the one its key is known for.
   *
   * @throws RouterError IDEMPOTENCY_CONFLICT where the key came with another request, PoolError OVERLOADED where all
   * places are taken by readings under way.
   */
  take(request: ReadingRequest): { readonly reading: SharedReading; readonly isRepeated: boolean };
  /** A job by its id; undefined for anybody but its owner. */
  job(id: string, owner: string): SharedReading | undefined;
  /** Cancels a reading and forgets it. */
  drop(reading: SharedReading): void;
}

interface Entry extends Omit<ReadingRequest, 'startRun'> {
  readonly reading: SharedReading;
}

export const readingLimits: ReadingLimits = {
  maxCount: 1000,
  maxBytes: 256 * 1024 * 1024,
  keepMs: 3_600_000,
  abandonMs: 30_000,
};

export function createReadingStore(limits: ReadingLimits = readingLimits, now: () => number = Date.now): ReadingStore {
  // In the order of their last use; the first is the one to give up.
  const entries = new Map<string, Entry>();
  const idsByKey = new Map<string, string>();
  const keyOf = ({ owner, key }: Pick<ReadingRequest, 'owner' | 'key'>) => `${owner}\n${key}`;

  function forget(id: string): void {
    const entry = entries.get(id);
    if (!entry) return;
    entries.delete(id);
    if (entry.key !== undefined && idsByKey.get(keyOf(entry)) === id) idsByKey.delete(keyOf(entry));
  }

  function touch(id: string): Entry | undefined {
    const entry = entries.get(id);
    if (!entry) return undefined;
    const { endedAt } = entry.reading;
    if (endedAt !== undefined && now() - endedAt > limits.keepMs) {
      forget(id);
      return undefined;
    }
    entries.delete(id);
    entries.set(id, entry);
    return entry;
  }

  /** Makes room by forgetting what is too old, then what was used longest ago; never what is still being read. */
  function shrink(count: number, byteCount: number): void {
    let held = [...entries.values()].reduce((sum, { reading }) => sum + reading.byteCount, 0);
    for (const [id, { reading }] of entries) {
      const { endedAt } = reading;
      if (endedAt === undefined) continue;
      if (now() - endedAt <= limits.keepMs && entries.size <= count && held <= byteCount) continue;
      held -= reading.byteCount;
      forget(id);
    }
  }

  function onEnd(reading: SharedReading): void {
    const entry = entries.get(reading.id);
    // A job tells why it failed; a request that failed is tried anew when it is repeated.
    if (entry && !entry.isJob && reading.state !== 'done') forget(reading.id);
    shrink(limits.maxCount, limits.maxBytes);
  }

  return {
    take(request) {
      const known = request.key === undefined ? undefined : touch(idsByKey.get(keyOf(request)) ?? '');
      if (known) {
        if (known.fingerprint !== request.fingerprint || known.isJob !== request.isJob) {
          throw new RouterError(
            'IDEMPOTENCY_CONFLICT',
            'This Idempotency-Key came with another request before; make a new key for every new request.',
          );
        }
        return { reading: known.reading, isRepeated: true };
      }
      shrink(limits.maxCount - 1, limits.maxBytes);
      if (entries.size >= limits.maxCount) {
        throw new PoolError('OVERLOADED', 'Too many documents are being read for later.', { retryAfterMs: 5000 });
      }
      const { startRun, ...kept } = request;
      const reading = openSharedReading({ startRun, isDetached: request.isJob, abandonMs: limits.abandonMs, onEnd });
      entries.set(reading.id, { ...kept, reading });
      if (request.key !== undefined) idsByKey.set(keyOf(request), reading.id);
      return { reading, isRepeated: false };
    },
    job(id, owner) {
      const entry = entries.get(id);
      return entry?.isJob && entry.owner === owner ? touch(id)?.reading : undefined;
    },
    drop(reading) {
      reading.cancel();
      forget(reading.id);
    },
  };
}
