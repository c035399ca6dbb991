import type { Task } from './task.js';

/** When generated tokens count as a runaway. All counts are tokens. */
export interface LoopLimits {
  /** Longest repeated piece that is looked for. */
  readonly maxPeriod: number;
  /** A run must be this long, whatever its period … */
  readonly minRunCount: number;
  /** … and repeat its piece this often after the first time. */
  readonly minCopyCount: number;
  /** A stretch of this length … */
  readonly varietyWindow: number;
  /** … with no more than this many different tokens is a runaway although it has no period. */
  readonly lowVariety: number;
}

/**
 * Printed pages repeat too: dotted leaders of 150 dots, twenty lines that differ in a number, forms with rows of
 * empty cells, tables with rows of zeros. The limits lie above those; tables, which repeat most, get twice the room.
 */
const textLimits: LoopLimits = {
  maxPeriod: 128,
  minRunCount: 320,
  minCopyCount: 5,
  varietyWindow: 448,
  lowVariety: 3,
};

const tableLimits: LoopLimits = {
  maxPeriod: 128,
  minRunCount: 640,
  minCopyCount: 10,
  varietyWindow: 1280,
  lowVariety: 3,
};

export function loopLimitsFor(task: Task): LoopLimits {
  return task === 'table' ? tableLimits : textLimits;
}

export interface Repetition {
  /** Tokens pushed so far that are worth keeping: everything up to the end of the first copy. */
  readonly keepCount: number;
}

/** Watches one generated sequence. */
export interface LoopGuard {
  /** Takes the next token; tells once the sequence has run away. Work and state depend on the limits alone. */
  push(tokenId: number): Repetition | null;
}

/**
 * Detects runaway repetition while it is generated. For every period up to `maxPeriod` it counts how many tokens in
 * a row equal the one a period earlier; a second rule catches runs without a period, such as lines of `=` of
 * changing length, by how few different tokens they use.
 */
export function createLoopGuard(limits: LoopLimits): LoopGuard {
  const { maxPeriod, minRunCount, minCopyCount, varietyWindow, lowVariety } = limits;
  const size = Math.max(maxPeriod, varietyWindow);
  const recent = new Int32Array(size).fill(-1);
  /** Index p - 1: tokens in a row that equal the token p before them. */
  const runs = new Int32Array(maxPeriod);
  const windowCounts = new Map<number, number>();
  let pushedCount = 0;

  function slide(tokenId: number): void {
    windowCounts.set(tokenId, (windowCounts.get(tokenId) ?? 0) + 1);
    if (pushedCount < varietyWindow) return;
    const leaving = recent[(pushedCount - varietyWindow) % size];
    const left = windowCounts.get(leaving)! - 1;
    if (left === 0) windowCounts.delete(leaving);
    else windowCounts.set(leaving, left);
  }

  return {
    push(tokenId) {
      slide(tokenId);
      let found: Repetition | null = null;
      const periods = Math.min(maxPeriod, pushedCount);
      for (let period = 1; period <= periods; period++) {
        if (recent[(pushedCount - period) % size] !== tokenId) {
          runs[period - 1] = 0;
          continue;
        }
        const run = ++runs[period - 1];
        // The smallest period is found first; its multiples run as long and would keep more copies.
        if (!found && run >= Math.max(minRunCount, period * minCopyCount)) found = { keepCount: pushedCount + 1 - run };
      }
      recent[pushedCount % size] = tokenId;
      pushedCount++;
      if (!found && pushedCount >= varietyWindow && windowCounts.size <= lowVariety) {
        found = { keepCount: pushedCount - varietyWindow };
      }
      return found;
    },
  };
}
