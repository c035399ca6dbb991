// Pages whose lengths follow a law, what they cost a simulated device, and arrivals at random times.
import { drawPage, linesRequest, send } from './client.mjs';
import { createRandom, drawExponential, drawNormal, sleep } from './kit.mjs';
import { readMetrics, startServer } from './servers.mjs';

const longest = 200;

/**
 * Lengths of pages in lines: log-normal around `medianLines`; one in twenty, drawn at random, ten times as long.
 * `sigma` 0 and `tail` 0 give pages of one length.
 */
export function drawLengths({ seed, count, medianLines, sigma = 0.5, tail = 0.05 }) {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => {
    const base = medianLines * Math.exp(sigma * drawNormal(random));
    const lines = random() < tail ? base * 10 : base;
    return Math.max(1, Math.min(longest, Math.round(lines)));
  });
}

/** Times of arrival in milliseconds: a Poisson process of so many a second. */
export function drawArrivals({ seed, count, perSecond }) {
  const random = createRandom(seed ^ 0x5bd1e995);
  let at = 0;
  return Array.from({ length: count }, () => {
    at += drawExponential(random, 1000 / perSecond);
    return at;
  });
}

/**
 * Requests for pages of these lengths, each length drawn once, with its image tokens and crops as the server itself
 * counts them: every page is read once by a server with fast devices. `padKb` makes files as large as photographs are,
 * by bytes after their end.
 */
export async function measurePages(lengths, padKb = 0) {
  const server = await startServer({ engine: 'simulated', env: { QUIRE_SIM_IMAGE_MS: '0.02', ...quiet } });
  const pages = new Map();
  const padding = Buffer.alloc(padKb * 1024, 'quire');
  try {
    for (const lineCount of [...new Set(lengths)].sort((a, b) => a - b)) {
      const request = linesRequest(Buffer.concat([await drawPage(lineCount), padding]));
      const before = await readMetrics(server.url);
      const answer = await send(server.url, request);
      if (answer.status !== 200) throw new Error(`a page of ${lineCount} lines: ${answer.status} ${answer.body}`);
      const after = await readMetrics(server.url);
      const spent = (name) => (after[name] ?? 0) - (before[name] ?? 0);
      pages.set(lineCount, {
        lineCount,
        request,
        imageTokens: spent('quire_image_tokens_total'),
        cropCount: spent('quire_crops_total'),
        totalMs: answer.endedAt - answer.startedAt,
      });
    }
  } finally {
    await server.close();
  }
  return pages;
}

/** One line a request is more log than a benchmark wants. */
export const quiet = { QUIRE_LOG_LEVEL: 'warn' };

/** Calls `start(index)` at each time of arrival, however many are still open; resolves when all have ended. */
export async function runOpenLoop(arrivals, start) {
  const begun = performance.now();
  const running = [];
  for (const [index, at] of arrivals.entries()) {
    const early = at - (performance.now() - begun);
    if (early > 0) await sleep(early);
    running.push(start(index, begun + at));
  }
  return Promise.all(running);
}
