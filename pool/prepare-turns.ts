import { CropQueue, type QueueEntry } from './crop-queue.js';
import type { Priority } from './pool.js';
import type { PreparePool } from './prepare/prepare-pool.js';
import type { PrepareTaskName } from './prepare/prepare-protocol.js';

/** The tasks of the prepare pool as one run sees them: each waits for its turn. */
export type PrepareDoor = Pick<PreparePool, PrepareTaskName>;

/** Whose task it is. */
export interface PrepareRun {
  readonly flow: string;
  readonly priority: Priority;
  /** Tasks that still wait when it is aborted never start. */
  readonly signal: AbortSignal;
}

/**
 * Shares the prepare threads as the queue of crops shares the devices: fairly among documents, interactive ones first,
 * and what was cancelled is gone at once. Piscina's own queue knows neither, so it is kept next to empty.
 */
export interface PrepareTurns {
  doorFor(run: PrepareRun): PrepareDoor;
  readonly waitingCount: number;
  /** Tasks that are with the threads. */
  readonly startedCount: number;
}

interface Turn extends QueueEntry {
  readonly start: () => void;
}

/** Rough milliseconds, for the sharing alone. */
const costs: Readonly<Record<PrepareTaskName, number>> = {
  openDocument: 5,
  preparePage: 250,
  prepareCrops: 10,
  preparePicture: 20,
  encodeJpegs: 50,
  drawLayout: 50,
};
const ageingMs = 5000;

/** `atOnce` tasks are with the threads at a time: one for each, and one at hand. */
export function createPrepareTurns(prepare: PreparePool, atOnce: number, maxWaiting: number): PrepareTurns {
  const queue = new CropQueue<Turn>({ maxLength: maxWaiting, ageingMs, now: () => performance.now() });
  let startedCount = 0;
  let nextId = 1;

  function startNext(): void {
    while (startedCount < atOnce) {
      const turn = queue.shift();
      if (!turn) return;
      startedCount++;
      turn.start();
    }
  }

  function waitForTurn({ flow, priority, signal }: PrepareRun, cost: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const leave = (): void => {
        queue.remove(flow, ({ id }) => id === turn.id);
        reject(signal.reason);
      };
      const start = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const turn: Turn = { id: nextId++, flow, priority, cost, start };
      signal.addEventListener('abort', leave, { once: true });
      queue.push(turn);
      startNext();
    });
  }

  async function inTurn<T>(run: PrepareRun, cost: number, task: () => Promise<T>): Promise<T> {
    await waitForTurn(run, cost);
    try {
      return await task();
    } finally {
      startedCount--;
      startNext();
    }
  }

  return {
    doorFor: (run) => ({
      openDocument: (task) => inTurn(run, costs.openDocument, () => prepare.openDocument(task)),
      preparePage: (task) => inTurn(run, costs.preparePage, () => prepare.preparePage(task)),
      prepareCrops: (task) => inTurn(run, costs.prepareCrops, () => prepare.prepareCrops(task)),
      preparePicture: (task) => inTurn(run, costs.preparePicture, () => prepare.preparePicture(task)),
      encodeJpegs: (task) => inTurn(run, costs.encodeJpegs, () => prepare.encodeJpegs(task)),
      drawLayout: (task) => inTurn(run, costs.drawLayout, () => prepare.drawLayout(task)),
    }),
    get waitingCount() {
      return queue.length;
    },
    get startedCount() {
      return startedCount;
    },
  };
}
