// Five minutes under load while devices die: nothing accepted may be lost, answered twice or read differently.
//   npm run build && node test/bench/http/chaos.mjs [--seconds 300] [--engine real]
//
// Real embedded model, two devices in processes of their own. Every `everyMs` one of them, at random, is killed with
// SIGKILL; besides, the fault switch makes steps throw, abort, hang and end their thread by chance (`faults`).
// First the same requests are read by a quiet server: what it answers is what every later answer is held to, text by
// text and box by box. Streams are checked for the order and number of their events; the log for one line a request.
import { randomUUID } from 'node:crypto';
import {
  chatRequest,
  helloPage,
  linesRequest,
  openAgent,
  parseRequest,
  samplePage,
  samplePictures,
  send,
} from './client.mjs';
import { countBy, createRandom, percentile, readParameters, report, sleep } from './kit.mjs';
import { devicesOf, readMetrics, startServer } from './servers.mjs';

const parameters = readParameters({
  seed: 13,
  seconds: 300,
  engine: 'real',
  clients: 4,
  everyMs: 5000,
  kills: 1,
  faults: 'throw:chance=0.003;crash-thread:chance=0.001;abort-process:chance=0.001;hang:chance=0.0005',
  stepTimeoutMs: 4000,
  restartBackoffMs: 200,
});
const random = createRandom(parameters.seed);
const pick = (list) => list[Math.floor(random() * list.length)];

const wanted = [
  ...samplePictures().map(({ name, bytes }) => ({ name: `chat ${name}`, kind: 'chat', ...chatRequest(bytes) })),
  ...samplePictures().map(({ name, bytes }) => ({
    name: `stream ${name}`,
    kind: 'chat stream',
    ...chatRequest(bytes, { stream: true }),
  })),
  { name: 'lines hello', kind: 'lines', ...linesRequest(helloPage()) },
  { name: 'parse hello', kind: 'parse', ...parseRequest(helloPage()) },
  { name: 'parse stream hello', kind: 'parse stream', ...parseRequest(helloPage(), 'application/x-ndjson') },
  { name: 'parse stream sample', kind: 'parse stream', ...parseRequest(samplePage(), 'application/x-ndjson') },
];

const blockOf = ({ order, label, box, text, error }) => ({ order, label, box, text, error });
/** What an answer says, without ids, times and confidences; and what is wrong with its form. */
function read({ kind }, answer) {
  if (answer.status !== 200)
    return { said: null, wrong: `status ${answer.status} ${codeOf(answer)} ${answer.error ?? ''}` };
  if (!answer.isWhole) return { said: null, wrong: `cut (${answer.error})` };
  const text = String(answer.body);
  try {
    if (kind === 'chat') {
      const [choice] = JSON.parse(text).choices;
      return { said: { text: choice.message.content, reason: choice.finish_reason } };
    }
    if (kind === 'lines') {
      const { errorCode, result } = JSON.parse(text);
      const blocks = result.layoutParsingResults.map(({ prunedResult }) => prunedResult.parsing_res_list);
      return { said: { errorCode, blocks } };
    }
    if (kind === 'parse') {
      if (answer.headers['x-failed-blocks'] !== '0')
        return {
          said: null,
          wrong: `${answer.headers['x-failed-blocks']} failed blocks: ${text.match(/"error":\{[^}]*\}/)?.[0]}`,
        };
      const { pages, markdown } = JSON.parse(text);
      return { said: { markdown, pages: pages.map(({ blocks }) => blocks.map(blockOf)) } };
    }
    return kind === 'chat stream' ? readChatStream(text) : readParseStream(text);
  } catch (error) {
    return { said: null, wrong: `unreadable: ${error.message}: ${text.slice(0, 200)}` };
  }
}

function readChatStream(text) {
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice(6));
  if (lines.filter((line) => line === '[DONE]').length !== 1 || lines.at(-1) !== '[DONE]')
    return { said: null, wrong: 'not one [DONE] at the end' };
  const chunks = lines.slice(0, -1).map((line) => JSON.parse(line));
  const failed = chunks.find(({ error }) => error);
  if (failed) return { said: null, wrong: JSON.stringify(failed.error) };
  const choices = chunks.flatMap(({ choices: list }) => list);
  const reasons = choices.map(({ finish_reason: reason }) => reason).filter(Boolean);
  if (reasons.length !== 1) return { said: null, wrong: `${reasons.length} finish reasons` };
  return { said: { text: choices.map(({ delta }) => delta.content ?? '').join(''), reason: reasons[0] } };
}

function readParseStream(text) {
  const events = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const of = (wantedType) => events.filter(({ type }) => type === wantedType);
  const [failed] = of('error');
  if (failed) return { said: null, wrong: JSON.stringify(failed.error) };
  const counts = ['document', 'page', 'done'].map((type) => of(type).length);
  if (counts.some((count) => count !== 1) || events.at(-1).type !== 'done')
    return { said: null, wrong: `events ${JSON.stringify(countBy(events.map(({ type }) => type)))}` };
  const blocks = of('block')
    .map(({ block }) => block)
    .sort((a, b) => a.order - b.order);
  if (new Set(blocks.map(({ order }) => order)).size !== blocks.length)
    return { said: null, wrong: 'a block came twice' };
  const [{ markdown, failedBlockCount }] = of('done');
  if (failedBlockCount > 0)
    return {
      said: null,
      wrong: `${failedBlockCount} failed blocks: ${JSON.stringify(blocks.find(({ error }) => error)?.error)}`,
    };
  return { said: { markdown, blocks: blocks.map(blockOf) } };
}

function codeOf({ body }) {
  return /"code":"?([A-Za-z_]+)/.exec(String(body))?.[1] ?? '';
}

const shared = {
  engine: parameters.engine,
  devices: 2,
};
const env = {
  QUIRE_DEVICES_ISOLATION: 'process',
  QUIRE_SIM_IMAGE_MS: '5',
  QUIRE_POOL_STEP_TIMEOUT_MS: String(parameters.stepTimeoutMs),
  QUIRE_POOL_RESTART_BACKOFF_MS: String(parameters.restartBackoffMs),
  QUIRE_LOG_LEVEL: 'info',
};

/** Every request alone, and then all of them at once: the answers must not depend on the company they are in. */
async function readQuietly() {
  const server = await startServer({ ...shared, env });
  const said = new Map();
  const unsteady = [];
  try {
    for (const request of wanted) {
      const { said: answer, wrong } = read(request, await send(server.url, request));
      if (wrong) throw new Error(`quiet run: ${request.name}: ${wrong}`);
      said.set(request.name, JSON.stringify(answer));
    }
    await Promise.all(
      wanted.map(async (request) => {
        const { said: answer } = read(request, await send(server.url, request));
        if (JSON.stringify(answer) !== said.get(request.name)) unsteady.push(request.name);
      }),
    );
  } finally {
    await server.close();
  }
  return { said, unsteady };
}

const { said, unsteady } = await readQuietly();
const server = await startServer({ ...shared, env: { ...env, QUIRE_FAULTS: parameters.faults } });
const agent = openAgent();
const answers = [];
const kills = [];
const states = [];
const until = performance.now() + parameters.seconds * 1000;

async function client() {
  while (performance.now() < until) {
    const request = pick(wanted);
    const id = randomUUID();
    const answer = await send(server.url, { ...request, headers: { ...request.headers, 'X-Request-Id': id }, agent });
    const { said: got, wrong } = read(request, answer);
    const isSame = got !== null && JSON.stringify(got) === said.get(request.name);
    const isRefused = answer.status === 429;
    answers.push({
      id,
      name: request.name,
      kind: request.kind,
      status: answer.status,
      ms: answer.endedAt - answer.startedAt,
      verdict: isRefused ? 'refused at the door' : wrong ? 'LOST' : isSame ? 'as in the quiet run' : 'DIFFERS',
      ...(wrong && { wrong }),
      ...(!isSame && got && { got: JSON.stringify(got).slice(0, 3000) }),
    });
    if (isRefused || wrong) await sleep(200);
  }
}

async function killer() {
  while (performance.now() < until - parameters.everyMs) {
    await sleep(parameters.everyMs);
    const devices = await devicesOf(server.url);
    states.push(devices.map(({ state }) => state).join('+'));
    const { id, pid, state } = pick(devices);
    if (!parameters.kills || pid === undefined) continue;
    try {
      process.kill(pid, 'SIGKILL');
      kills.push({ id, state });
    } catch {
      // It died by itself a moment ago.
    }
  }
}

try {
  await Promise.all([killer(), ...Array.from({ length: parameters.clients }, client)]);
  const devices = await devicesOf(server.url);
  await sleep(500);
  const metrics = await readMetrics(server.url);
  const lines = server
    .log()
    .split('\n')
    .filter((line) => line.includes('"msg":"request"'))
    .map((line) => JSON.parse(line).id);
  const lineCounts = countBy(lines);
  const log = server.log().split('\n').filter(Boolean);
  const reasons = countBy(
    log
      .filter((line) => /"state":"(down|broken)"/.test(line))
      .map((line) => JSON.parse(line))
      .map(({ state, reason }) => `${state}: ${String(reason).replace(/\d+/g, 'N')}`),
  );
  const twice = answers.filter(({ id }) => (lineCounts[id] ?? 0) > 1).length;
  const missing = answers.filter(({ id, status }) => status > 0 && !lineCounts[id]).length;
  const times = answers.filter(({ status }) => status === 200).map(({ ms }) => ms);
  report('chaos', {
    parameters,
    tables: {
      Answers: Object.entries(countBy(answers.map(({ verdict }) => verdict))).map(([verdict, count]) => ({
        verdict,
        count,
      })),
      'By kind': Object.entries(countBy(answers.map(({ kind, verdict }) => `${kind}: ${verdict}`))).map(
        ([what, count]) => ({ what, count }),
      ),
      'What happened': [
        { what: 'killed by SIGKILL', value: kills.length },
        ...Object.entries(reasons).map(([reason, count]) => ({ what: reason, value: count })),
        { what: 'restarts', value: JSON.stringify(devices.map(({ restartCount }) => restartCount)) },
        { what: 'crops run again', value: metrics.quire_crop_retries_total ?? 0 },
        { what: 'answered twice (log lines of one request id)', value: twice },
        { what: 'answered without a log line', value: missing },
        { what: 'states of the devices every 5 s', value: JSON.stringify(countBy(states)) },
        {
          what: 'p50, p99, max ms',
          value: [0.5, 0.99, 1].map((share) => Math.round(percentile(times, share))).join(', '),
        },
      ],
    },
    notes: [
      `Quiet run, each alone and all at once: ${unsteady.length === 0 ? 'the same answers' : `different answers for ${unsteady.join(', ')}`}.`,
      ...answers
        .filter(({ verdict }) => verdict === 'LOST')
        .slice(0, 10)
        .map(({ name, wrong, ms }) => `LOST ${name} after ${Math.round(ms)} ms: ${wrong}`),
    ],
    data: {
      answers,
      kills,
      states,
      said: Object.fromEntries(said),
      odd: log.filter((line) => !line.includes('"msg":"request"')).slice(-400),
    },
  });
} finally {
  agent.destroy();
  await server.close();
}
