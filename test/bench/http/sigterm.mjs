// SIGTERM under load, twenty times: every request the server had accepted is answered, none with 5xx; exit status 0.
//   npm run build && node test/bench/http/sigterm.mjs [--rounds 20] [--engine simulated]
//
// Clients ask one request after the other: chat, chat stream, a page, a page as stream. A request counts as accepted
// when its body was out `graceMs` before the signal. Later ones race with the closing of the port: they may be refused
// or find their connection closed before any byte of an answer (a client or proxy sends them to another host), but
// once an answer has begun it must be whole, and no request may be answered 5xx.
import {
  chatRequest,
  drawPage,
  helloPage,
  linesRequest,
  openAgent,
  parseRequest,
  samplePictures,
  send,
} from './client.mjs';
import { countBy, createRandom, readParameters, report, sleep } from './kit.mjs';
import { quiet } from './page-load.mjs';
import { startServer } from './servers.mjs';

const parameters = readParameters({ seed: 9, rounds: 20, clients: 24, engine: 'simulated', graceMs: 50, keepAlive: 1 });
const random = createRandom(parameters.seed);
const pictures = samplePictures();
const page = await drawPage(8);
const kinds = [
  () => ({ kind: 'chat', ...chatRequest(pictures[Math.floor(random() * pictures.length)].bytes) }),
  () => ({
    kind: 'chat stream',
    ...chatRequest(pictures[Math.floor(random() * pictures.length)].bytes, { stream: true }),
  }),
  () => ({ kind: 'lines', ...linesRequest(page) }),
  () => ({ kind: 'parse stream', ...parseRequest(helloPage(), 'application/x-ndjson') }),
];
/** Whether the answer is all of what was asked for. */
const isComplete = ({ kind }, answer) => {
  if (!answer.isWhole) return false;
  const text = String(answer.body);
  if (kind === 'chat stream') return text.includes('data: [DONE]');
  if (kind === 'parse stream') return text.includes('"type":"done"') && !text.includes('"type":"error"');
  return text.trimEnd().endsWith('}');
};

async function round(number) {
  const server = await startServer({
    engine: parameters.engine,
    devices: 2,
    env: {
      ...quiet,
      QUIRE_SIM_IMAGE_MS: '0.5',
      // Process and thread devices in turn: both must end cleanly.
      QUIRE_DEVICES_ISOLATION: number % 2 ? 'process' : 'thread',
    },
  });
  const agent = parameters.keepAlive ? openAgent() : undefined;
  let signalAt = Number.POSITIVE_INFINITY;
  let isOver = false;
  const answers = [];
  const clients = Array.from({ length: parameters.clients }, async () => {
    while (!isOver) {
      const wanted = kinds[Math.floor(random() * kinds.length)]();
      const answer = await send(server.url, { ...wanted, agent });
      answers.push({ kind: wanted.kind, answer, complete: isComplete(wanted, answer) });
      // The port is closed; a client would go to another host.
      if (answer.error === 'ECONNREFUSED') return;
    }
  });
  await sleep(1000 + random() * 1500);
  signalAt = performance.now();
  server.kill('SIGTERM');
  const end = await server.ended;
  const tookMs = performance.now() - signalAt;
  isOver = true;
  await Promise.all(clients);
  agent?.destroy();

  const judged = answers.map(({ kind, answer, complete }) => ({
    kind,
    status: answer.status,
    error: answer.error,
    verdict: judge(answer, complete, signalAt),
  }));
  const inFlight = answers.filter(
    ({ answer }) => answer.sentAt < signalAt - parameters.graceMs && answer.endedAt > signalAt,
  ).length;
  return {
    number,
    exit: end.code ?? end.signal,
    tookMs,
    inFlight,
    judged,
    log: server
      .log()
      .split('\n')
      .filter((line) => /"level":"(error|fatal)"|cut/.test(line))
      .slice(0, 3),
  };
}

function judge(answer, complete, signalAt) {
  const wasAccepted = answer.sentAt < signalAt - parameters.graceMs;
  if (answer.status >= 500) return wasAccepted ? 'accepted, answered 5xx' : 'late, answered 5xx';
  if (answer.status >= 400) return `status ${answer.status}`;
  if (answer.status === 200) return complete ? 'answered' : 'CUT';
  return wasAccepted ? 'accepted, NO ANSWER' : 'late, not accepted';
}

const rounds = [];
for (let number = 1; number <= parameters.rounds; number++) rounds.push(await round(number));
const verdicts = countBy(rounds.flatMap(({ judged }) => judged.map(({ verdict }) => verdict)));
report('sigterm', {
  parameters,
  tables: {
    'Requests of all rounds': Object.entries(verdicts).map(([verdict, count]) => ({ verdict, count })),
    Rounds: rounds.map(({ number, exit, tookMs, inFlight, judged, log }) => ({
      round: number,
      exit,
      'ms to the end': Math.round(tookMs),
      'accepted and open at the signal': inFlight,
      verdicts: JSON.stringify(countBy(judged.map(({ verdict }) => verdict))),
      log: log.join(' '),
    })),
  },
  notes: [`Exit status 0 in ${rounds.filter(({ exit }) => exit === 0).length} of ${rounds.length} rounds.`],
  data: {
    odd: rounds.flatMap(({ number, judged }) =>
      judged.filter(({ verdict }) => !/^answered$|^late, not/.test(verdict)).map((entry) => ({ number, ...entry })),
    ),
  },
});
