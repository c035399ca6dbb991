// Orders in which a queue may serve pages, without HTTP, threads and noise: the real CropQueue on a simulated clock,
// beside other orders and beside one page at a time on each device, on the same pages at the same times.
// Usage: node test/bench/queue-orders.mjs [load 0.8] [pages 2500] [seeds 20] (after `npm run build`).
import { CropQueue } from '../../dist/pool/crop-queue.js';
import { mean, percentile } from './http/kit.mjs';
import { drawArrivals, drawLengths } from './http/page-load.mjs';

const [load = 0.8, count = 2500, seedCount = 20] = process.argv.slice(2).map(Number);
const deviceCount = 4;
const pageMs = 800;
const usualLines = 25;

function drawPages(seed) {
  const lengths = drawLengths({ seed, count, medianLines: 5 });
  const lineMs = pageMs / mean(lengths);
  const arrivals = drawArrivals({ seed, count, perSecond: (load * deviceCount * 1000) / pageMs });
  return lengths.map((lineCount, id) => ({ id, arrivesAt: arrivals[id], lineCount, lineMs }));
}

/** Serves line by line on all devices what `queue` gives: `push(page)` on arrival, `shift()` the page of the next line. */
function serve(pages, openQueue) {
  let now = 0;
  const queue = openQueue(() => now);
  const running = [];
  const left = pages.map(({ lineCount }) => lineCount);
  const latencies = [];
  let next = 0;
  while (latencies.length < pages.length) {
    while (running.length < deviceCount) {
      const page = queue.shift();
      if (!page) break;
      running.push({ page, endsAt: now + page.lineMs });
    }
    running.sort((a, b) => a.endsAt - b.endsAt);
    const arrivesAt = pages[next]?.arrivesAt ?? Number.POSITIVE_INFINITY;
    if (arrivesAt <= (running[0]?.endsAt ?? Number.POSITIVE_INFINITY)) {
      now = arrivesAt;
      queue.push(pages[next++]);
      continue;
    }
    const { page, endsAt } = running.shift();
    now = endsAt;
    if (--left[page.id] === 0) latencies.push({ lineCount: page.lineCount, ms: now - page.arrivesAt });
  }
  return latencies;
}

/** The queue of the pool. */
function openReal(now) {
  const queue = new CropQueue({ maxLength: Number.POSITIVE_INFINITY, ageingMs: 5000, now });
  return {
    push(page) {
      for (let line = 0; line < page.lineCount; line++) {
        queue.push({ id: line, flow: String(page.id), part: 0, priority: 'interactive', cost: page.lineMs, page });
      }
    },
    shift: () => queue.shift()?.page ?? null,
  };
}

/** The least key first; `keyOf` is asked again before every line. */
function openByKey(keyOf, startOf = () => 0) {
  return () => {
    const waiting = [];
    let served = 0;
    return {
      push: (page) => waiting.push({ page, start: startOf(served), givenCount: 0 }),
      shift() {
        if (waiting.length === 0) return null;
        const first = waiting.reduce((best, entry) => (keyOf(entry) < keyOf(best) ? entry : best));
        served = Math.max(served, keyOf(first));
        if (++first.givenCount === first.page.lineCount) waiting.splice(waiting.indexOf(first), 1);
        return first.page;
      },
    };
  };
}

/** One page at a time on each device: `chooseDevice` gets when each is free. */
function servePages(pages, chooseDevice) {
  const freeAt = new Array(deviceCount).fill(0);
  return pages.map(({ arrivesAt, lineCount, lineMs }, index) => {
    const device = chooseDevice(freeAt, index);
    freeAt[device] = Math.max(arrivesAt, freeAt[device]) + lineCount * lineMs;
    return { lineCount, ms: freeAt[device] - arrivesAt };
  });
}

const tuned = 'one page a device, the first that is free (tuned nginx)';
const orders = {
  'finish time (CropQueue)': (pages) => serve(pages, openReal),
  'start time, line by line': (pages) =>
    serve(
      pages,
      openByKey(
        ({ start, givenCount, page }) => start + givenCount * page.lineMs,
        (served) => served,
      ),
    ),
  'first come first served': (pages) =>
    serve(
      pages,
      openByKey(({ page }) => page.arrivesAt),
    ),
  'shortest remaining first': (pages) =>
    serve(
      pages,
      openByKey(({ page, givenCount }) => (page.lineCount - givenCount) * page.lineMs),
    ),
  [tuned]: (pages) => servePages(pages, (freeAt) => freeAt.indexOf(Math.min(...freeAt))),
  'one page a device, in turn (round-robin)': (pages) => servePages(pages, (_, index) => index % deviceCount),
};

const rows = new Map(Object.keys(orders).map((name) => [name, []]));
for (let seed = 1; seed <= seedCount; seed++) {
  const pages = drawPages(seed);
  const p99Of = (latencies) => percentile(msOf(latencies), 0.99);
  const rival = p99Of(orders[tuned](pages));
  for (const [name, order] of Object.entries(orders)) {
    const latencies = order(pages);
    const usual = latencies.filter(({ lineCount }) => lineCount <= usualLines);
    const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => percentile(msOf(latencies), share));
    rows
      .get(name)
      .push({ p50, p90, p99, usual: p99Of(usual), slowest: Math.max(...msOf(latencies)), ratio: p99 / rival });
  }
}
function msOf(latencies) {
  return latencies.map(({ ms }) => ms);
}
console.log(
  `load ${load}, ${deviceCount} devices, ${count} pages of ${pageMs} ms on average, ${seedCount} seeds; means`,
);
console.log(
  '| order | p50 ms | p90 ms | p99 ms | p99 of usual pages | slowest | p99 against tuned nginx | better in |',
);
console.log('|---|---|---|---|---|---|---|---|');
for (const [name, results] of rows) {
  const cells = ['p50', 'p90', 'p99', 'usual', 'slowest'].map((key) =>
    Math.round(mean(results.map((result) => result[key]))).toLocaleString('en-US'),
  );
  const ratios = results.map(({ ratio }) => ratio);
  const betterCount = ratios.filter((ratio) => ratio < 1).length;
  console.log(`| ${name} | ${cells.join(' | ')} | x${mean(ratios).toFixed(2)} | ${betterCount} of ${seedCount} |`);
}
