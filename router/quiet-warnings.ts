import type { Log } from './log.js';

export interface QuietWarnings {
  /** Writes the warning unless one of the same kind was written within the interval. */
  warn(kind: string, fields: Readonly<Record<string, unknown>>): void;
}

/**
 * Warnings that a flood cannot drown the log with: one of a kind per interval, which then tells how many were left
 * out. Kinds are a fixed, small set of names.
 */
export function createQuietWarnings(log: Log, intervalMs = 10_000, now: () => number = Date.now): QuietWarnings {
  const kinds = new Map<string, { writtenAt: number; leftOutCount: number }>();
  return {
    warn(kind, fields) {
      const before = kinds.get(kind);
      if (before && now() - before.writtenAt < intervalMs) {
        before.leftOutCount++;
        return;
      }
      const leftOut = before?.leftOutCount ? { leftOut: before.leftOutCount } : {};
      kinds.set(kind, { writtenAt: now(), leftOutCount: 0 });
      log.warn({ ...fields, ...leftOut }, kind);
    },
  };
}
