// Three times what the devices can do, for a minute: who gets in, how long it takes, how fast and how truly the others
// are turned away.
//   npm run build && node test/bench/http/overload.mjs [--seconds 60] [--factor 3]
//
// Four simulated devices, pages of printed lines (log-normal lengths) at random times. The queue may promise a wait of
// `waitMs` (`pool.maxPredictedWaitMs`). The limit for accepted requests is twice the time of one that waits as long as
// that and then meets idle devices: 2 x (waitMs + p99 without load).
import { drawPage, openAgent, parseRequest, send } from './client.mjs';
import {
  countBy,
  cpuSeconds,
  createMachineMeter,
  mean,
  percentile,
  readParameters,
  report,
  sleep,
  treeMemoryMb,
} from './kit.mjs';
import { drawArrivals, drawLengths, measurePages, quiet, runOpenLoop } from './page-load.mjs';
import { startServer } from './servers.mjs';

const parameters = readParameters({
  seed: 11,
  seconds: 60,
  factor: 3,
  deviceCount: 4,
  medianLines: 5,
  sigma: 0.5,
  tail: 0,
  pageMs: 400,
  waitMs: 2000,
  /** Longest wait a server may promise where Retry-After is put to the test. */
  longWaitMs: 10_000,
  patiences: '1000,2000,4000',
  /** Kilobytes that every file is larger. */
  padKb: 0,
});
const { seed, seconds, factor, deviceCount, pageMs, waitMs } = parameters;

const capacity = (deviceCount * 1000) / pageMs;
const count = Math.round(capacity * factor * seconds);
const lengths = drawLengths({ seed, count, ...parameters });
const pages = await measurePages(lengths, parameters.padKb);
const imageMs = pageMs / mean(lengths.map((length) => pages.get(length).imageTokens));
const server = await startServer({
  engine: 'simulated',
  devices: deviceCount,
  env: { QUIRE_SIM_IMAGE_MS: String(imageMs), QUIRE_POOL_MAX_PREDICTED_WAIT_MS: String(waitMs), ...quiet },
});
const agent = openAgent();

try {
  // Unloaded: a fifth of capacity, which also teaches the cost model.
  const idle = await drive({ perSecond: capacity / 5, count: Math.round(capacity * 3), seed: seed + 1 });
  const memory = [];
  const timer = setInterval(() => memory.push(treeMemoryMb(server.pid)), 1000);
  const meter = createMachineMeter();
  const cpuBefore = cpuSeconds(server.pid);
  const full = await drive({ perSecond: capacity * factor, count, seed, comeBack: true });
  const cores = (cpuSeconds(server.pid) - cpuBefore) / (full.elapsedMs / 1000);
  const machine = meter();
  clearInterval(timer);
  const promises = await testPromises();

  const accepted = full.answers.filter(({ status }) => status === 200);
  const refused = full.answers.filter(({ status }) => status === 429);
  const idleP99 = percentile(okTimes(idle.answers), 0.99);
  const limitMs = 2 * (waitMs + idleP99);
  const p99 = percentile(okTimes(full.answers), 0.99);
  const refusedTimes = refused.map(({ ms }) => ms);
  const fast = refusedTimes.filter((ms) => ms <= 50).length / refused.length;
  const early = memory.slice(5, 15);
  const late = memory.slice(-10);
  const came = full.answers.flatMap(({ again }) => again ?? []);
  report('overload', {
    parameters: { ...parameters, capacity, imageMs },
    tables: {
      [`${factor} times capacity (${capacity} pages/s) for ${seconds} s`]: [
        { what: 'requests', value: full.answers.length, goal: '' },
        { what: 'statuses', value: JSON.stringify(countBy(full.answers.map(({ status }) => status))), goal: '' },
        { what: 'accepted, pages/s', value: accepted.length / (full.elapsedMs / 1000), goal: `capacity ${capacity}` },
        {
          what: 'unloaded p50, p99 ms',
          value: `${Math.round(percentile(okTimes(idle.answers), 0.5))}, ${Math.round(idleP99)}`,
          goal: '',
        },
        { what: 'accepted p50 ms', value: Math.round(percentile(okTimes(full.answers), 0.5)), goal: '' },
        {
          what: 'accepted p99 ms',
          value: Math.round(p99),
          goal: `< ${Math.round(limitMs)}: ${p99 < limitMs ? 'met' : 'missed'}`,
        },
        { what: '429: p50 ms', value: percentile(refusedTimes, 0.5), goal: '' },
        {
          what: '429: p99 ms',
          value: percentile(refusedTimes, 0.99),
          goal: `< 50: ${percentile(refusedTimes, 0.99) < 50 ? 'met' : 'missed'}`,
        },
        { what: '429: within 50 ms', value: `${(fast * 100).toFixed(1)} %`, goal: '' },
        {
          what: '429 without Retry-After',
          value: refused.filter(({ retryAfter }) => !(retryAfter >= 1)).length,
          goal: '0',
        },
        {
          what: 'Retry-After seen, s',
          value: JSON.stringify(countBy(refused.map(({ retryAfter }) => retryAfter))),
          goal: '',
        },
        {
          what: 'came back when told, still overloaded: accepted',
          value: `${came.filter(({ status }) => status === 200).length} of ${came.length}`,
          goal: '',
        },
        {
          what: 'memory, MB: seconds 5 to 15, last 10 s',
          value: `${Math.round(mean(early))}, ${Math.round(mean(late))}`,
          goal: 'flat',
        },
        { what: 'cores: server; machine busy', value: `${cores.toFixed(2)}; ${Math.round(machine * 100)} %`, goal: '' },
      ],
      'Retry-After: a filled server is left alone; one asks until it gets in': promises,
    },
    data: { memory, answers: full.answers, idle: idle.answers },
  });
} finally {
  agent.destroy();
  await server.close();
}

function okTimes(answers) {
  return answers.filter(({ status }) => status === 200).map(({ ms }) => ms);
}

async function ask(index, signal) {
  const answer = await send(server.url, { ...pages.get(lengths[index % lengths.length]).request, agent, signal });
  const retryAfter = Number(answer.headers['retry-after'] ?? Number.NaN);
  return { status: answer.status, error: answer.error, ms: answer.endedAt - answer.startedAt, retryAfter };
}

async function drive({ perSecond, count: most, seed: drawn, comeBack = false }) {
  const begun = performance.now();
  const arrivals = drawArrivals({ seed: drawn, count: most, perSecond });
  const answers = await runOpenLoop(arrivals, async (index) => {
    const answer = await ask(index);
    // One in twenty of those turned away comes back when it was told to.
    if (!comeBack || answer.status !== 429 || index % 20 !== 0) return answer;
    await sleep(answer.retryAfter * 1000);
    return { ...answer, again: await ask(index) };
  });
  return { answers, elapsedMs: performance.now() - begun };
}

async function testPromises() {
  const patiences = parameters.patiences.split(',').filter(Boolean).map(Number);
  if (patiences.length === 0) return [];
  const patient = await startServer({
    engine: 'simulated',
    devices: deviceCount,
    env: {
      QUIRE_SIM_IMAGE_MS: String(imageMs),
      QUIRE_POOL_MAX_PREDICTED_WAIT_MS: String(parameters.longWaitMs),
      ...quiet,
    },
  });
  try {
    // The cost model learns what a page costs here.
    for (let index = 0; index < 30; index++) await send(patient.url, { ...pages.get(lengths[index]).request, agent });
    const promises = [];
    for (const patience of patiences) promises.push(await testPromise(patient.url, patience));
    return promises;
  } finally {
    await patient.close();
  }
}

/**
 * Fills a server that may promise long waits, stops, and asks for a page within `patienceMs`, again and again: it is
 * refused until the wait has shrunk to that. When it is let in, the promise of each refusal can be compared with the
 * time that really passed.
 */
async function testPromise(url, patienceMs) {
  const open = [];
  const until = performance.now() + 4000;
  for (let number = 0; performance.now() < until; number++) {
    open.push(send(url, { ...pages.get(lengths[number % lengths.length]).request, agent }));
    await sleep(1000 / (capacity * 4));
  }
  const refusals = [];
  const asking = [];
  const page = parseRequest(await drawPage(parameters.medianLines));
  let letInAt = Number.NaN;
  for (let tries = 0; tries < 400; tries++) {
    const askedAt = performance.now();
    const answer = send(url, { ...page, path: `/v1/parse?timeoutMs=${patienceMs}`, agent });
    // A refusal comes at once; what has no answer after 150 ms was let in.
    const first = await Promise.race([answer, sleep(150).then(() => ({ status: 0 }))]);
    if (first.status !== 429) {
      letInAt = askedAt;
      asking.push(answer);
      break;
    }
    refusals.push({ at: first.endedAt, promisedMs: Number(first.headers['retry-after']) * 1000 });
    await sleep(100);
  }
  await Promise.all([...open, ...asking]);
  const ratios = refusals.map(({ at, promisedMs }) => (letInAt - at) / promisedMs);
  return {
    'asked for within ms': patienceMs,
    refusals: refusals.length,
    'first promise ms': refusals[0]?.promisedMs,
    'let in after ms': refusals.length ? Math.round(letInAt - refusals[0].at) : 0,
    'first: true / promised': ratios[0],
    'promises of 2 s and more within a factor of 2': share(
      refusals.flatMap(({ promisedMs }, index) => (promisedMs >= 2000 ? [ratios[index]] : [])),
      (ratio) => ratio >= 0.5 && ratio <= 2,
    ),
    'too short by more (came back in vain)': ratios.filter((ratio) => ratio > 2).length,
  };
}

function share(values, isWanted) {
  return `${values.filter(isWanted).length} of ${values.length}`;
}
