// Work that is known to be parallel must scale: pages a second and the time of one page on 1, 2, 4 and 8 simulated
// devices; with `--real`, on 1 and 2 CPU devices that read with the embedded model, a thread each.
// Usage: node test/bench/scaling.mjs [--real] (after `npm run build`).
import { drawPage, machine, openRealPool, openSimulatedPool, percentile, readPage } from './simulated-pool.mjs';

const isReal = process.argv.includes('--real');
process.env.QUIRE_SIM_IMAGE_MS ??= '6';
const pagesPerDevice = Number(process.env.PAGES_PER_DEVICE ?? (isReal ? 8 : 4));
const page = await drawPage(24);
const rows = [];
for (const deviceCount of isReal ? [1, 2] : [1, 2, 4, 8]) {
  const pool = await (isReal ? openRealPool : openSimulatedPool)(deviceCount);
  const first = await readPage(pool, page).result;
  const alone = [];
  for (let turn = 0; turn < 3; turn++) {
    const startedAt = performance.now();
    await readPage(pool, page).result;
    alone.push(performance.now() - startedAt);
  }
  const pageCount = pagesPerDevice * deviceCount;
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: pageCount }, () => readPage(pool, page).result));
  const seconds = (performance.now() - startedAt) / 1000;
  rows.push({
    devices: deviceCount,
    cropsPerPage: first.timings.cropCount,
    pagesPerSecond: pageCount / seconds,
    onePageMs: percentile(alone, 0.5),
  });
  await pool.close();
}
console.log(machine());
for (const row of rows) {
  console.log(
    `${row.devices} devices: ${row.pagesPerSecond.toFixed(2)} pages/s (x${(row.pagesPerSecond / rows[0].pagesPerSecond).toFixed(2)}), ` +
      `one page of ${row.cropsPerPage} crops ${row.onePageMs.toFixed(0)} ms (${(row.onePageMs / rows[0].onePageMs).toFixed(2)} of the time)`,
  );
}
