// Heavy-tailed load on four simulated devices: one Quire that owns all four, beside nginx in front of four Quire
// processes of one device each: round-robin, and tuned (least_conn, max_conns=1 and a client that queues).
//   npm run build && node test/bench/http/heavy-tail.mjs [--count 800] [--load 0.8] [--seed 7] ...
// One seed is one draw of the tail: run several before comparing.
//
// A request is a page of printed lines, sent to /layout-parsing with layout detection off: really uploaded, decoded
// and cut into lines by the server, each line one crop, so that a page is many crops as in real reading. (Detection
// takes a third of a core-second a page whatever its length: with it, the cores of this machine and not the devices
// would be measured.) A simulated device reads crops one at a time and takes a fixed time for each image token.
// All arms get the same pages at the same times. Latency counts from the time of arrival, so that what the tuned
// arm's client queues is part of it.
import { openAgent, send } from './client.mjs';
import { cpuSeconds, createMachineMeter, mean, percentile, readParameters, report } from './kit.mjs';
import { drawArrivals, drawLengths, measurePages, quiet, runOpenLoop } from './page-load.mjs';
import { startNginx, startServer } from './servers.mjs';

const parameters = readParameters({
  seed: 7,
  count: 800,
  load: 0.8,
  deviceCount: 4,
  medianLines: 5,
  sigma: 0.5,
  tail: 0.05,
  /** Mean time of one device for a page. */
  pageMs: 400,
  arms: 'quire,round-robin,tuned',
});
const { seed, count, deviceCount, pageMs } = parameters;

const lengths = drawLengths({ seed, count, ...parameters });
const pages = await measurePages(lengths);
const tokens = lengths.map((length) => pages.get(length).imageTokens);
const imageMs = pageMs / mean(tokens);
const perSecond = (parameters.load * deviceCount * 1000) / pageMs;
const arrivals = drawArrivals({ seed, count, perSecond });
const simulated = { QUIRE_SIM_IMAGE_MS: String(imageMs), ...quiet };

/** The arms, each with its processes and how a client sends. */
const arms = {
  async quire() {
    const env = { ...simulated, QUIRE_PREPARE_THREADS: String(deviceCount) };
    const server = await startServer({ engine: 'simulated', devices: deviceCount, env });
    return { url: server.url, pids: [server.pid], close: () => server.close() };
  },
  'round-robin': () => openRivals('round-robin'),
  tuned: () => openRivals('tuned'),
};

async function openRivals(kind) {
  // As many prepare threads in all as the one Quire has.
  const env = { ...simulated, QUIRE_PREPARE_THREADS: '1' };
  const servers = [];
  for (let index = 0; index < deviceCount; index++) servers.push(await startServer({ engine: 'simulated', env }));
  const nginx = await startNginx(
    kind,
    servers.map(({ url }) => url),
  );
  return {
    url: nginx.url,
    pids: [nginx.pid, ...servers.map(({ pid }) => pid)],
    // One request to each server at a time; the rest wait in the client, first come first served.
    limit: kind === 'tuned' ? deviceCount : Number.POSITIVE_INFINITY,
    async close() {
      await nginx.close();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

async function run(name) {
  const arm = await arms[name]();
  const agent = openAgent();
  const queue = openLine(arm.limit ?? Number.POSITIVE_INFINITY);
  let againCount = 0;
  const meter = createMachineMeter();
  const cpuBefore = arm.pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const begun = performance.now();
  try {
    const answers = await runOpenLoop(arrivals, async (index, arrivedAt) => {
      const { request } = pages.get(lengths[index]);
      await queue.enter();
      let answer;
      // nginx answers 502 when every server has its one connection; the client comes again.
      for (let tries = 0; tries < 200; tries++) {
        answer = await send(arm.url, { ...request, agent });
        if (answer.status !== 502) break;
        againCount++;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      queue.leave();
      return { index, status: answer.status, ms: answer.endedAt - arrivedAt };
    });
    const seconds = (performance.now() - begun) / 1000;
    const cpu = arm.pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0) - cpuBefore;
    return { name, answers, seconds, cores: cpu / seconds, machine: meter(), againCount };
  } finally {
    agent.destroy();
    await arm.close();
  }
}

/** So many inside at once, the others in order of arrival. */
function openLine(limit) {
  let insideCount = 0;
  const waiting = [];
  return {
    enter() {
      if (insideCount < limit) {
        insideCount++;
        return Promise.resolve();
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    leave() {
      const next = waiting.shift();
      if (next) next();
      else insideCount--;
    },
  };
}

const results = [];
for (const name of parameters.arms.split(',')) results.push(await run(name));

const isLong = (index) => lengths[index] > parameters.medianLines * 5;
const rows = results.map(({ name, answers, seconds, cores, machine, againCount }) => {
  const ok = answers.filter(({ status }) => status === 200);
  const of = (chosen, share) =>
    percentile(
      chosen.map(({ ms }) => ms),
      share,
    );
  const short = ok.filter(({ index }) => !isLong(index));
  return {
    arm: name,
    answered: `${ok.length} of ${count}`,
    'p50 ms': Math.round(of(ok, 0.5)),
    'p90 ms': Math.round(of(ok, 0.9)),
    'p99 ms': Math.round(of(ok, 0.99)),
    'max ms': Math.round(of(ok, 1)),
    'p99 ms, usual pages': Math.round(of(short, 0.99)),
    'pages/s': ok.length / seconds,
    'cores of the servers': cores,
    'cores busy, of all': `${Math.round(machine * 100)} %`,
    'sent again': againCount,
  };
});
const p99 = Object.fromEntries(rows.map((row) => [row.arm, row['p99 ms']]));
report('heavy-tail', {
  parameters: { ...parameters, imageMs, perSecond },
  tables: { 'Latency from arrival to the last byte of the answer': rows },
  notes: [
    `Pages: ${Math.min(...lengths)} to ${Math.max(...lengths)} lines, mean ${mean(lengths).toFixed(1)}; ${tokens.length} arrivals, ${perSecond.toFixed(2)} a second.`,
    `p99 against Quire: round-robin x${(p99['round-robin'] / p99.quire).toFixed(2)} (goal 2), tuned x${(p99.tuned / p99.quire).toFixed(2)} (goal above 1).`,
  ],
  data: {
    pages: [...pages.values()].map(({ request: _, ...page }) => page),
    answers: Object.fromEntries(results.map(({ name, answers }) => [name, answers])),
  },
});
