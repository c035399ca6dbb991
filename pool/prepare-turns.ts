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
 *
 * What is left to do for a page that was begun goes before everything else, as that page had its turn: it reaches the
 * devices before another is begun, and threads that have nothing else to do cut it together.
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

/** Rough milliseconds, for the sharing alone; a page with its crops. */
const costs: Readonly<Record<PrepareTaskName, number>> = {
  openDocument: 5,
  preparePage: 250,
  decodePage: 150,
  makeBand: 10,
  findInk: 30,
  planPage: 20,
  prepareCrops: 10,
  preparePicture: 20,
  encodeJpegs: 50,
  drawLayout: 50,
};
const ageingMs = 5000;
/** Tasks of a page that was begun. */
const furtherTasks: ReadonlySet<PrepareTaskName> = new Set(['makeBand', 'findInk', 'planPage', 'prepareCrops']);

/** `atOnce` tasks are with the threads at a time: one for each, and one at hand. */
export function createPrepareTurns(prepare: PreparePool, atOnce: number, maxWaiting: number): PrepareTurns {
  const options = { maxLength: maxWaiting, ageingMs, now: () => performance.now() };
  const begun = new CropQueue<Turn>(options);
  const queue = new CropQueue<Turn>(options);
  let startedCount = 0;
  let nextId = 1;

  function startNext(): void {
    while (startedCount < atOnce) {
      const turn = begun.shift() ?? queue.shift();
      if (!turn) return;
      startedCount++;
      turn.start();
    }
  }

  function waitForTurn({ flow, priority, signal }: PrepareRun, name: PrepareTaskName): Promise<void> {
    const waiting = furtherTasks.has(name) ? begun : queue;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const leave = (): void => {
        waiting.remove(flow, ({ id }) => id === turn.id);
        reject(signal.reason);
      };
      const start = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const turn: Turn = { id: nextId++, flow, priority, cost: costs[name], start };
      signal.addEventListener('abort', leave, { once: true });
      waiting.push(turn);
      startNext();
    });
  }

  async function inTurn<T>(run: PrepareRun, name: PrepareTaskName, task: () => Promise<T>): Promise<T> {
    await waitForTurn(run, name);
    try {
      return await task();
    } finally {
      startedCount--;
      startNext();
    }
  }

  return {
    doorFor: (run) => ({
      openDocument: (task) => inTurn(run, 'openDocument', () => prepare.openDocument(task)),
      preparePage: (task) => inTurn(run, 'preparePage', () => prepare.preparePage(task)),
      decodePage: (task) => inTurn(run, 'decodePage', () => prepare.decodePage(task)),
      makeBand: (task) => inTurn(run, 'makeBand', () => prepare.makeBand(task)),
      findInk: (task) => inTurn(run, 'findInk', () => prepare.findInk(task)),
      planPage: (task) => inTurn(run, 'planPage', () => prepare.planPage(task)),
      prepareCrops: (task) => inTurn(run, 'prepareCrops', () => prepare.prepareCrops(task)),
      preparePicture: (task) => inTurn(run, 'preparePicture', () => prepare.preparePicture(task)),
      encodeJpegs: (task) => inTurn(run, 'encodeJpegs', () => prepare.encodeJpegs(task)),
      drawLayout: (task) => inTurn(run, 'drawLayout', () => prepare.drawLayout(task)),
    }),
    get waitingCount() {
      return begun.length + queue.length;
    },
    get startedCount() {
      return startedCount;
    },
  };
}
