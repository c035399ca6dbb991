// The four balancer policies under one heavy-tailed load at 80 % of capacity on 4 simulated devices: sizes log-normal,
// one page in twenty ten times as long. Usage: node test/bench/balancer-policies.mjs [seconds] (after `npm run build`).
import { createRandom, drawNormal } from './http/kit.mjs';
import { drawPage, machine, openSimulatedPool, percentile, readPage, sleep } from './simulated-pool.mjs';

process.env.QUIRE_SIM_IMAGE_MS ??= '6';
const seconds = Number(process.argv[2] ?? 40);
const deviceCount = 4;

const pages = new Map();
const pageOf = async (lineCount) => {
  if (!pages.has(lineCount)) pages.set(lineCount, await drawPage(lineCount));
  return pages.get(lineCount);
};
// The same numbers for every policy.
const random = createRandom(7);
const load = [];
for (let index = 0; index < 400; index++) {
  const usual = Math.max(1, Math.min(12, Math.round(3 * Math.exp(0.5 * drawNormal(random)))));
  load.push({ lineCount: random() < 0.05 ? usual * 10 : usual, gap: -Math.log(1 - random()) });
}
for (const { lineCount } of load) await pageOf(lineCount);
const meanLines = load.reduce((sum, { lineCount }) => sum + lineCount, 0) / load.length;

console.log(machine());
for (const policy of ['least-cost', 'least-connections', 'round-robin', 'random']) {
  const pool = await openSimulatedPool(deviceCount, { pool: { policy, maxPredictedWaitMs: 3_600_000 } });
  const one = await readPage(pool, await pageOf(8)).result;
  const lineMs = one.timings.visionMs / one.timings.cropCount;
  const meanGapMs = (meanLines * lineMs) / deviceCount / 0.8;
  const latencies = [];
  const runs = [];
  const endAt = performance.now() + seconds * 1000;
  for (const { lineCount, gap } of load) {
    if (performance.now() > endAt) break;
    const startedAt = performance.now();
    const bytes = await pageOf(lineCount);
    runs.push(readPage(pool, bytes).result.then(() => latencies.push(performance.now() - startedAt)));
    await sleep(gap * meanGapMs);
  }
  await Promise.all(runs);
  const at = (share) => `${Math.round(percentile(latencies, share))} ms`;
  console.log(`${policy.padEnd(18)} ${latencies.length} pages, p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}`);
  await pool.close();
}
