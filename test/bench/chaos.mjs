// Kills a random device process (SIGKILL) every few seconds under load. Every accepted crop must be answered once and
// as in a quiet run. Usage: node test/bench/chaos.mjs [seconds] [seconds between kills] (after `npm run build`).
import { readFileSync } from 'node:fs';
import { configSchema } from '../../dist/config/index.js';
import { openPool } from '../../dist/pool/index.js';
import { machine, percentile, sleep } from './simulated-pool.mjs';

const [seconds = 60, pause = 5] = process.argv.slice(2).map(Number);
const inFlight = Number(process.env.IN_FLIGHT ?? 6);
const samplesDir = new URL('../../models/pocket/samples/', import.meta.url);
const samples = JSON.parse(readFileSync(new URL('samples.json', samplesDir), 'utf8')).map((record) => ({
  ...record,
  bytes: readFileSync(new URL(record.file, samplesDir)),
}));
const config = configSchema.parse({
  devices: { use: ['cpu', 'cpu', 'cpu'], isolation: 'process', cpuThreads: 1 },
  pool: { restartBackoffMs: 100 },
});
const pool = await openPool({ config });
const counts = { kills: 0, retried: 0, asked: 0, right: 0, wrong: 0, lost: 0 };
const codes = {};
const latencies = [];
pool.onEvent((event) => {
  if (event.type === 'crop-retried') counts.retried++;
});
await pool.whenReady();

const endAt = performance.now() + seconds * 1000;
const client = async (offset) => {
  for (let turn = offset; performance.now() < endAt; turn++) {
    const { bytes, task, greedy_ids } = samples[turn % samples.length];
    const startedAt = performance.now();
    counts.asked++;
    const content = [
      { type: 'image', bytes },
      { type: 'text', text: task },
    ];
    let streamed = 0;
    try {
      const run = pool.recognize({ messages: [{ role: 'user', content }] });
      for await (const { tokenIds } of run) streamed += tokenIds.length;
      const { tokenIds } = await run.result;
      // A token told twice, or not at all, is as wrong as another token.
      const isRight = JSON.stringify(tokenIds) === JSON.stringify(greedy_ids) && streamed === greedy_ids.length;
      counts[isRight ? 'right' : 'wrong']++;
      latencies.push(performance.now() - startedAt);
    } catch (error) {
      counts.lost++;
      codes[error.code ?? error.message] = (codes[error.code ?? error.message] ?? 0) + 1;
    }
  }
};
const killer = async () => {
  while (performance.now() < endAt - 1000) {
    await sleep(pause * 1000);
    const alive = pool.devices().filter(({ pid, state }) => pid && state === 'ready');
    const victim = alive[Math.floor(Math.random() * alive.length)];
    if (!victim) continue;
    process.kill(victim.pid, 'SIGKILL');
    counts.kills++;
  }
};
await Promise.all([killer(), ...Array.from({ length: inFlight }, (_, index) => client(index * 5))]);
console.log(machine());
console.log(
  JSON.stringify({
    seconds,
    ...counts,
    codes,
    p50Ms: percentile(latencies, 0.5) | 0,
    p99Ms: percentile(latencies, 0.99) | 0,
  }),
);
await pool.close();
process.exitCode = counts.lost + counts.wrong > 0 ? 1 : 0;
