import { expect, it } from 'vitest';
import { defaultRecipe, packInk, readInk } from '../../models/index.js';
import type { PreparePool } from '../../pool/prepare/prepare-pool.js';
import type { PageTask, PlanTask } from '../../pool/prepare/prepare-protocol.js';
import { createPrepareTurns } from '../../pool/prepare-turns.js';

const never = () => new AbortController().signal;
const image = { width: 1, height: 1, data: new Uint8Array(3) };
const crops = (name: number) => ({ image, slope: name, crops: [], pixels: {} });
const page = (pageIndex: number) => ({ pageIndex }) as PageTask;
const turnOfLoop = () => new Promise((resolve) => setImmediate(resolve));

/** Threads that answer when they are told to. */
function createHeldThreads() {
  const started: number[] = [];
  const finish: (() => void)[] = [];
  const hold = (name: number) => {
    started.push(name);
    return new Promise<void>((resolve) => finish.push(resolve));
  };
  const pool = {
    prepareCrops: ({ slope }: { slope: number }) => hold(slope),
    preparePage: ({ pageIndex }: PageTask) => hold(pageIndex),
    decodePage: ({ pageIndex }: PageTask) => hold(pageIndex),
    findInk: (task: PlanTask) => hold(task.image.width),
    planPage: (task: PlanTask) => hold(task.image.width),
  } as unknown as PreparePool;
  return { started, finish, pool };
}

it('hands over no more tasks than there are threads for', async () => {
  const { started, finish, pool } = createHeldThreads();
  const turns = createPrepareTurns(pool, 2, 100);
  const door = turns.doorFor({ flow: 'a', priority: 'interactive', signal: never() });
  for (const name of [1, 2, 3]) void door.prepareCrops(crops(name));
  await turnOfLoop();
  expect([started, turns.waitingCount, turns.startedCount]).toEqual([[1, 2], 1, 2]);
  finish[0]();
  await turnOfLoop();
  expect([started, turns.waitingCount]).toEqual([[1, 2, 3], 0]);
});

it('does not let a long document keep a short one waiting', async () => {
  const { started, finish, pool } = createHeldThreads();
  const turns = createPrepareTurns(pool, 1, 100);
  const book = turns.doorFor({ flow: 'book', priority: 'interactive', signal: never() });
  const letter = turns.doorFor({ flow: 'letter', priority: 'interactive', signal: never() });
  for (const name of [1, 2, 3, 4]) void book.preparePage(page(name));
  void letter.preparePage(page(100));
  for (let index = 0; index < 3; index++) {
    await turnOfLoop();
    finish[index]();
  }
  expect(started.indexOf(100)).toBeLessThanOrEqual(2);
});

it('cuts a page that was begun before it begins another, whosever it is', async () => {
  const { started, finish, pool } = createHeldThreads();
  const turns = createPrepareTurns(pool, 1, 100);
  const book = turns.doorFor({ flow: 'book', priority: 'batch', signal: never() });
  const letter = turns.doorFor({ flow: 'letter', priority: 'interactive', signal: never() });
  void book.preparePage(page(1));
  void book.preparePage(page(2));
  void letter.preparePage(page(100));
  for (const name of [11, 12]) void book.prepareCrops(crops(name));
  for (let index = 0; index < 4; index++) {
    await turnOfLoop();
    finish[index]();
  }
  await turnOfLoop();
  expect(started).toEqual([1, 11, 12, 100, 2]);
});

it('plans a page that a device has detected before another is begun', async () => {
  const { started, finish, pool } = createHeldThreads();
  const turns = createPrepareTurns(pool, 1, 100);
  const door = turns.doorFor({ flow: 'book', priority: 'interactive', signal: never() });
  void door.decodePage(page(1));
  void door.decodePage(page(2));
  const page21 = { width: 21, height: 1, data: new Uint8Array(63) };
  void door.findInk({ image: page21 });
  void door.planPage({ image: page21, recipe: defaultRecipe, outputs: null, ink: packInk(readInk(page21)) });
  for (let index = 0; index < 3; index++) {
    await turnOfLoop();
    finish[index]();
  }
  await turnOfLoop();
  expect(started).toEqual([1, 21, 21, 2]);
});

it('forgets at once what waits for a document that is gone', async () => {
  const { started, finish, pool } = createHeldThreads();
  const turns = createPrepareTurns(pool, 1, 100);
  const leaving = new AbortController();
  const door = turns.doorFor({ flow: 'a', priority: 'interactive', signal: leaving.signal });
  const tasks = [1, 2, 3].map((name) => door.prepareCrops(crops(name)));
  const settled = Promise.allSettled(tasks);
  await turnOfLoop();
  leaving.abort(new Error('left'));
  expect(turns.waitingCount).toBe(0);
  finish[0]();
  expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(started).toEqual([1]);
});

it('goes on after a task that fails', async () => {
  const pool = { prepareCrops: () => Promise.reject(new Error('broken')) } as unknown as PreparePool;
  const turns = createPrepareTurns(pool, 1, 100);
  const door = turns.doorFor({ flow: 'a', priority: 'interactive', signal: never() });
  const outcomes = await Promise.allSettled([door.prepareCrops(crops(1)), door.prepareCrops(crops(2))]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
