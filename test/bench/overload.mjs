// Three times the capacity for a minute: what is accepted keeps its time, the rest is refused at once with a
// Retry-After that comes true. Usage: node test/bench/overload.mjs [seconds] (after `npm run build`).
import { drawPage, machine, openSimulatedPool, percentile, readPage, sleep } from './simulated-pool.mjs';

process.env.QUIRE_SIM_IMAGE_MS ??= '6';
const seconds = Number(process.argv[2] ?? 60);
const limitMs = 4000;
const deviceCount = 4;
const pool = await openSimulatedPool(deviceCount, { pool: { maxPredictedWaitMs: limitMs } });
const page = await drawPage(6);
const read = async () => {
  const startedAt = performance.now();
  await readPage(pool, page).result;
  return performance.now() - startedAt;
};
// Capacity, and a model that has seen some pages.
for (let turn = 0; turn < 20; turn++) await read();
const warmAt = performance.now();
await Promise.all(Array.from({ length: 16 }, read));
const capacity = 16 / ((performance.now() - warmAt) / 1000);

const accepted = [];
const refused = [];
const retryAfter = [];
const memory = [];
const comeTrue = [];
const endAt = performance.now() + seconds * 1000;
const runs = [];
while (performance.now() < endAt) {
  const startedAt = performance.now();
  runs.push(
    read().then(
      (ms) => accepted.push(ms),
      (error) => {
        if (error.code !== 'OVERLOADED') throw error;
        refused.push(performance.now() - startedAt);
        retryAfter.push(error.detail.retryAfterMs);
        // One client in forty asks again until it is let in: how long did that take against what it was told?
        if (refused.length % 40 === 0) comeTrue.push(persist(startedAt, error.detail.retryAfterMs));
      },
    ),
  );
  memory.push(process.memoryUsage().rss);
  // Arrivals of a Poisson process at three times the capacity.
  await sleep((-Math.log(1 - Math.random()) * 1000) / (capacity * 3));
}
await Promise.all(runs);
async function persist(since, told) {
  for (;;) {
    await sleep(50);
    try {
      const run = readPage(pool, page);
      const isIn = await Promise.race([run.result.then(() => true), sleep(200).then(() => true)]);
      if (isIn) return (performance.now() - since) / told;
    } catch (error) {
      if (error.code !== 'OVERLOADED') throw error;
    }
  }
}
const ratios = await Promise.all(comeTrue);
const share = (values, at) => Math.round(percentile(values, at));
console.log(machine());
console.log(
  JSON.stringify({
    seconds,
    capacityPagesPerSecond: Number(capacity.toFixed(1)),
    accepted: accepted.length,
    refused: refused.length,
    acceptedP50Ms: share(accepted, 0.5),
    acceptedP99Ms: share(accepted, 0.99),
    limitMs,
    refusedP50Ms: Number(percentile(refused, 0.5).toFixed(2)),
    refusedP99Ms: Number(percentile(refused, 0.99).toFixed(2)),
    retryAfterP50Ms: share(retryAfter, 0.5),
    waitedToTold: [0.1, 0.5, 0.9].map((at) => Number(percentile(ratios, at).toFixed(2))),
    memoryMb: {
      start: Math.round(memory[0] / 1e6),
      end: Math.round(memory.at(-1) / 1e6),
      most: Math.round(Math.max(...memory) / 1e6),
    },
  }),
);
await pool.close();
