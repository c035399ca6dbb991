// Requests a second of a running server at a fixed number in flight, driven by several client processes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cpuSeconds, mean, percentile, sleep } from '../http/kit.mjs';
import { readMetrics } from '../http/servers.mjs';
import { mainCpuSeconds } from './machine.mjs';

const clientPath = fileURLToPath(new URL('./load-client.mjs', import.meta.url));

/**
 * Counts what ends within `seconds` after `warmSeconds` of the same load. Requests still open at the end are left.
 * Rejects when a request fails or is refused.
 */
export async function measureLoad(server, { width, height, tokens, inFlight, clients, warmSeconds, seconds }) {
  const children = Array.from({ length: clients }, () => fork(clientPath, { serialization: 'advanced' }));
  const leave = () => {
    for (const child of children) child.kill('SIGKILL');
  };
  process.once('exit', leave);
  try {
    const slots = Array.from({ length: inFlight }, (_, place) => ({ place, share: (place + 1) / inFlight }));
    const prepared = await Promise.all(
      children.map((child, client) => {
        const own = slots.filter(({ place }) => place % clients === client);
        child.send({ url: server.url, width, height, tokens, slots: own });
        return heard(child);
      }),
    );
    for (const child of children) child.send('go');
    await sleep(warmSeconds * 1000);
    const from = Date.now();
    const before = { all: cpuSeconds(server.pid), main: mainCpuSeconds(server.pid) };
    await readMetrics(server.url);
    await sleep(seconds * 500);
    const halfway = await readMetrics(server.url);
    await sleep(Math.max(0, from + seconds * 1000 - Date.now()));
    const metrics = await readMetrics(server.url);
    const to = Date.now();
    const cpu = { all: cpuSeconds(server.pid) - before.all, main: mainCpuSeconds(server.pid) - before.main };
    const reports = await Promise.all(
      children.map((child) => {
        child.send('stop');
        return heard(child);
      }),
    );
    const ended = reports.flatMap((report) => report.ended);
    const failed = ended.find(({ wrong }) => wrong);
    if (failed) throw new Error(`a request failed: ${failed.wrong}`);
    const counted = ended.filter(({ at }) => at >= from && at < to);
    const whole = counted.filter(({ isFirst }) => !isFirst);
    if (whole.length === 0) throw new Error(`no request of full length ended within ${seconds} s`);
    const elapsed = (to - from) / 1000;
    const times = whole.map(({ ms }) => ms);
    const tokensPerRequest = mean(whole.map((one) => one.tokens));
    const tokenCount = counted.reduce((sum, one) => sum + one.tokens, 0);
    return {
      // Where the warm time was too short, the shorter first requests count for less than one.
      requestsPerSecond: tokenCount / tokensPerRequest / elapsed,
      tokensPerRequest,
      p50Ms: percentile(times, 0.5),
      p99Ms: percentile(times, 0.99),
      serverCores: cpu.all / elapsed,
      mainCores: cpu.main / elapsed,
      loopDelayP99Ms:
        1000 * Math.max(halfway.quire_event_loop_delay_p99_seconds, metrics.quire_event_loop_delay_p99_seconds),
      busiestClientCores: Math.max(...reports.map(({ cpuShare }) => cpuShare)),
      bodyKb: prepared[0].bodyBytes / 1024,
    };
  } finally {
    leave();
    process.removeListener('exit', leave);
  }
}

async function heard(child) {
  const gone = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: gone.signal }).then(([message]) => message),
      once(child, 'exit', { signal: gone.signal }).then(([code, signal]) => {
        throw new Error(`a client ended with ${signal ?? code}`);
      }),
    ]);
  } finally {
    gone.abort();
  }
}
