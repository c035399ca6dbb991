// Many clients leave at random times. Nothing of them may be left a second after the last: queue, shards, KV blocks,
// files. Usage: node test/bench/disconnect-storm.mjs [clients] (after `npm run build`).
import { readdirSync } from 'node:fs';
import { drawPage, machine, openSimulatedPool, readPage, sleep } from './simulated-pool.mjs';

process.env.QUIRE_SIM_IMAGE_MS ??= '4';
const clientCount = Number(process.argv[2] ?? 1000);
const pool = await openSimulatedPool(4, { pool: { maxDocuments: 2000, maxPredictedWaitMs: 3_600_000 } }, 'process');
const page = await drawPage(6);
const outcomes = {};
const files = () =>
  readdirSync('/dev/shm')
    .filter((name) => name.startsWith('quire-pixels') && name.includes(`-${process.pid}-`))
    .flatMap((folder) => readdirSync(`/dev/shm/${folder}`));

let mostQueued = 0;
const client = async () => {
  await sleep(Math.random() * 8000);
  const leaving = new AbortController();
  const stay = Math.random() * 3000;
  const timer = setTimeout(() => leaving.abort(), stay);
  const outcome = await readPage(pool, page, { signal: leaving.signal }).result.then(
    () => 'read',
    (error) => error.code ?? error.message,
  );
  clearTimeout(timer);
  mostQueued = Math.max(mostQueued, pool.stats().cropsQueued);
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
};
await Promise.all(Array.from({ length: clientCount }, client));
const leftAt = performance.now();
const remains = () => {
  const { documentsInFlight, cropsQueued, cropsRunning, bytesHeld, prepareQueued } = pool.stats();
  const blocks = pool.devices().reduce((sum, { kvBlocksUsed }) => sum + kvBlocksUsed, 0);
  return { documentsInFlight, cropsQueued, cropsRunning, bytesHeld, prepareQueued, blocks, files: files().length };
};
while (Object.values(remains()).some((count) => count > 0) && performance.now() - leftAt < 10_000) await sleep(5);
console.log(machine());
console.log(
  JSON.stringify({
    clientCount,
    outcomes,
    mostQueued,
    emptyAfterMs: Math.round(performance.now() - leftAt),
    remains: remains(),
  }),
);
await pool.close();
