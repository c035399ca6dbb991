// Devices under load, two or also one; one is killed from outside, then one breaks by itself. Nothing may be lost, answered twice or
// read differently; the other device works on; the broken one is back soon.
//   node test/bench/gpu/survive.mjs [--model DIR] [--devices cuda:0,cuda:1] [--fault cuda-fault] [--seconds 45]
//
// First every picture is read alone, and then all of them at full load: what both times say is what later answers are
// held to; pictures that the quiet server itself reads differently in company are told and only counted. Then, under the
// same load, the process of the last device gets SIGKILL; when it is back and has worked for a while, `fault` strikes it
// while it holds a picture of a size no other has (such pictures are sent until one gets there), in its second life only.
// On CPU devices name another fault: --devices cpu,cpu --fault abort-process. Random weights: --shape 1316x728:128.
// Without a shape the pictures are the samples of the embedded model, and so should the model be.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chatRequest, openAgent, send } from '../http/client.mjs';
import { countBy, percentile, readParameters, report, root, sleep } from '../http/kit.mjs';
import { devicesOf } from '../http/servers.mjs';
import { describeGpus } from './machine.mjs';
import { drawBars } from './pictures.mjs';
import { readSeries, sumBy } from './read-series.mjs';
import { serve, serverDefaults } from './serve.mjs';

const parameters = readParameters({
  ...serverDefaults,
  fault: 'cuda-fault',
  shape: '',
  inFlight: 64,
  pictures: 24,
  quietRounds: 4,
  calmSeconds: 6,
  betweenSeconds: 6,
  afterSeconds: 6,
  mostOutageSeconds: 60,
});
const goalSeconds = 15;
const devices = parameters.devices.split(',');
/** A picture of this side has 30 x 30 patches; no other picture here has as many. */
const triggerSide = 420;
const triggerPatches = (triggerSide / 14) ** 2;

async function drawPictures() {
  if (parameters.shape) {
    const [width, height] = parameters.shape.split(/[x:]/).map(Number);
    return Promise.all(Array.from({ length: parameters.pictures }, (_, seed) => drawBars(width, height, seed + 1)));
  }
  const folder = join(root, 'models/pocket/samples');
  const samples = JSON.parse(readFileSync(join(folder, 'samples.json'), 'utf8'));
  return samples.map(({ file }) => readFileSync(join(folder, file)));
}

const tokens = Number(parameters.shape.split(':')[1] ?? 512);
const requestOf = (picture) => {
  const request = chatRequest(picture);
  return { ...request, body: JSON.stringify({ ...JSON.parse(request.body), max_tokens: tokens }) };
};
const requests = (await drawPictures()).map(requestOf);
const trigger = requestOf(await drawBars(triggerSide, triggerSide, 99));

const condition = `device=${idOf(devices.length - 1)},patches=${triggerPatches},lives=2`;
const server = await serve(parameters, devices, {
  QUIRE_DEVICES_ISOLATION: 'process',
  QUIRE_LOG_LEVEL: 'info',
  QUIRE_FAULTS: `${parameters.fault}:${condition}`,
});
const agent = openAgent();
const answers = [];
const timeline = [];
const startedAt = performance.now();
const seconds = () => (performance.now() - startedAt) / 1000;
let isOver = false;

/** Devices named `cpu` are numbered among themselves. */
function idOf(place) {
  if (devices[place] !== 'cpu') return devices[place];
  return `cpu:${devices.slice(0, place).filter((name) => name === 'cpu').length}`;
}

async function ask(request, name) {
  const id = randomUUID();
  const answer = await send(server.url, { ...request, headers: { ...request.headers, 'X-Request-Id': id }, agent });
  let said = null;
  if (answer.status === 200 && answer.isWhole) {
    const [{ message, finish_reason: reason }] = JSON.parse(String(answer.body)).choices;
    said = JSON.stringify({ text: message.content, reason });
  }
  const wrong = said === null ? `${answer.status} ${answer.error ?? String(answer.body).slice(0, 300)}` : null;
  return { id, name, said, wrong, status: answer.status, ms: answer.endedAt - answer.startedAt, at: seconds() };
}

/** Alone, then at full load, until every picture was read in company `quietRounds` times. */
async function readQuietly() {
  const said = [];
  for (const [name, request] of requests.entries()) said[name] = (await ask(request, name)).said;
  const unsteady = new Set();
  let next = 0;
  const total = Math.max(parameters.inFlight, requests.length) * parameters.quietRounds;
  await Promise.all(
    Array.from({ length: parameters.inFlight }, async () => {
      while (next < total) {
        const name = next++ % requests.length;
        const answer = await ask(requests[name], name);
        if (answer.wrong) throw new Error(`the quiet server: ${answer.wrong}`);
        if (answer.said !== said[name]) unsteady.add(name);
      }
    }),
  );
  return { said, unsteady };
}

async function client(slot) {
  for (let turn = slot; !isOver; turn++) {
    const name = turn % requests.length;
    answers.push(await ask(requests[name], name));
  }
}

/** States and crops of each device, four times a second. */
async function watch() {
  while (!isOver) {
    const [states, series] = await Promise.all([devicesOf(server.url), readSeries(server.url)]);
    timeline.push({
      at: seconds(),
      states: Object.fromEntries(states.map(({ id, state }) => [id, state])),
      crops: sumBy(series, 'quire_crops_total', 'device'),
    });
    await sleep(250);
  }
}

async function statusOf(id) {
  return (await devicesOf(server.url)).find((device) => device.id === id);
}

/** Waits until the device is lost and ready again. */
async function outage(id, what, strike) {
  const before = await statusOf(id);
  const from = seconds();
  await strike(before);
  const isPast = () => seconds() - from > parameters.mostOutageSeconds;
  let status = await statusOf(id);
  while (status.restartCount === before.restartCount && status.state === 'ready' && !isPast()) {
    await sleep(20);
    status = await statusOf(id);
  }
  const lostAt = seconds();
  while ((status.state !== 'ready' || status.restartCount === before.restartCount) && !isPast()) {
    await sleep(20);
    status = await statusOf(id);
  }
  return { id, what, from: what === 'SIGKILL' ? from : lostAt, lostAt, readyAt: seconds(), status, isBack: !isPast() };
}

async function sendTriggers(id, restartCount) {
  while (seconds() < deadline && (await statusOf(id)).restartCount === restartCount) {
    triggers.push(...(await Promise.all(Array.from({ length: 4 }, () => ask(trigger, 'trigger')))));
  }
}

const triggers = [];
let deadline = 0;
const outages = [];
let said = [];
let unsteady = new Set();
try {
  ({ said, unsteady } = await readQuietly());
  const clients = Array.from({ length: parameters.inFlight }, (_, slot) => client(slot));
  const watching = watch();
  const victim = idOf(devices.length - 1);
  await sleep(parameters.calmSeconds * 1000);
  outages.push(await outage(victim, 'SIGKILL', async ({ pid }) => process.kill(pid, 'SIGKILL')));
  await sleep(parameters.betweenSeconds * 1000);
  let sending = Promise.resolve();
  deadline = seconds() + parameters.mostOutageSeconds;
  outages.push(
    await outage(victim, parameters.fault, async ({ restartCount }) => {
      sending = sendTriggers(victim, restartCount);
    }),
  );
  await sleep(parameters.afterSeconds * 1000);
  isOver = true;
  await Promise.all([...clients, watching, sending]);
} finally {
  agent.destroy();
  // Log lines of the last answers are on their way.
  await sleep(300);
  await server.close();
}

const lineCounts = countBy(
  server
    .log()
    .split('\n')
    .filter((line) => line.includes('"msg":"request"'))
    .map((line) => JSON.parse(line).id),
);
const verdictOf = ({ name, said: got, wrong }) => {
  if (wrong) return 'LOST';
  if (name === 'trigger') return 'answered';
  if (got === said[name]) return 'as in the quiet run';
  return unsteady.has(name) ? 'differs, as it did in the quiet run' : 'DIFFERS';
};
const all = [...answers, ...triggers];
const verdicts = countBy(all.map(verdictOf));
const twice = all.filter(({ id }) => (lineCounts[id] ?? 0) > 1).length;
const unlogged = all.filter(({ id }) => !lineCounts[id]).length;
const others = devices.map((_, place) => idOf(place)).slice(0, -1);

/** Crops a second of the other devices between two moments. */
function rateOfOthers(from, to) {
  const within = timeline.filter(({ at }) => at >= from && at <= to);
  const sum = ({ crops }) => others.reduce((total, id) => total + (crops[id] ?? 0), 0);
  return within.length < 2 ? Number.NaN : (sum(within.at(-1)) - sum(within[0])) / (within.at(-1).at - within[0].at);
}

const loadFrom = timeline[0].at;
const calm = rateOfOthers(loadFrom + 1, outages[0].from);
const perSecond = [];
for (let second = Math.floor(loadFrom); second < timeline.at(-1).at; second++) {
  const within = timeline.filter(({ at }) => at >= second && at < second + 1.3);
  if (within.length < 2) continue;
  const [first, last] = [within[0], within.at(-1)];
  const cropsOf = (id) => ((last.crops[id] ?? 0) - (first.crops[id] ?? 0)) / (last.at - first.at);
  perSecond.push({
    second: second - Math.floor(loadFrom),
    'requests ended': answers.filter(({ at }) => at >= second && at < second + 1).length,
    ...Object.fromEntries(devices.map((_, place) => [`${idOf(place)} crops/s`, Math.round(cropsOf(idOf(place)))])),
    states: devices.map((_, place) => first.states[idOf(place)]).join(' + '),
  });
}
const isReal =
  parameters.fault !== 'cuda-fault' || /700|illegal memory/i.test(outages.at(-1)?.status.lastError?.message);
const isSound = !verdicts.LOST && !verdicts.DIFFERS && twice === 0 && unlogged === 0;
const isBack = outages.length === 2 && outages.every((one) => one.isBack && one.readyAt - one.from <= goalSeconds);
report(parameters.shape ? 'gpu-survive-shape' : 'gpu-survive', {
  parameters,
  tables: {
    'Second by second': perSecond,
    Answers: [
      ...Object.entries(verdicts).map(([what, count]) => ({ what, count })),
      { what: 'answered twice (log lines of one request id)', count: twice },
      { what: 'answered without a log line', count: unlogged },
      { what: 'pictures the quiet server read differently in company', count: unsteady.size },
      {
        what: 'p50 ms',
        count: Math.round(
          percentile(
            answers.map(({ ms }) => ms),
            0.5,
          ),
        ),
      },
      { what: 'longest ms', count: Math.round(Math.max(...answers.map(({ ms }) => ms))) },
    ],
    Outages: outages.map(({ id, what, from, lostAt, readyAt, status, isBack: wasBack }) => ({
      what,
      device: id,
      'seen after s': lostAt - from,
      'ready again after s': wasBack ? readyAt - from : 'NOT BACK',
      goal: wasBack && readyAt - from <= goalSeconds ? 'reached' : 'NOT reached',
      'the others, crops/s before': calm,
      during: rateOfOthers(from, readyAt),
      'last error': status.lastError?.message,
    })),
  },
  notes: [
    describeGpus(),
    `${isSound ? 'Sound' : 'NOT SOUND'}: nothing lost, nothing twice, nothing different. Back within ${goalSeconds} s: ${isBack ? 'yes' : 'NO'}.`,
    ...(isReal
      ? []
      : ['The last error of the device does not tell of an illegal memory access: see the log in the JSON file.']),
    ...all
      .filter(({ wrong }) => wrong)
      .slice(0, 5)
      .map(({ name, wrong, ms }) => `LOST ${name} after ${Math.round(ms)} ms: ${wrong}`),
  ],
  data: {
    timeline,
    said,
    different: all.filter((one) => /differs/i.test(verdictOf(one))).map(({ name, said: got }) => ({ name, got })),
    odd: server
      .log()
      .split('\n')
      .filter((line) => line && !line.includes('"msg":"request"'))
      .slice(-100),
  },
});
process.exitCode = isSound && isBack ? 0 : 1;
