// A thousand clients come and leave at random times; what they asked for must leave with them.
//   npm run build && node test/bench/http/disconnect-storm.mjs [--clients 1000] [--engine real]
//
// Real embedded model, two devices in processes of their own, so that batches, KV blocks and files of pixels are real.
// A client sends one of four things (chat, chat stream, a page, a page as stream) and cuts its connection after a
// random time, some in the middle of the body. Limits are wide: nobody is turned away.
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { chatRequest, helloPage, linesRequest, parseRequest, samplePictures, send } from './client.mjs';
import { countBy, createRandom, readParameters, report, sleep, treeMemoryMb } from './kit.mjs';
import { quiet } from './page-load.mjs';
import { devicesOf, readMetrics, startServer } from './servers.mjs';

const parameters = readParameters({
  seed: 5,
  clients: 1000,
  engine: 'real',
  /** Clients come over this time and stay for at most that. */
  comeMs: 10_000,
  stayMs: 4000,
});
const isReal = parameters.engine === 'real';
const server = await startServer({
  engine: parameters.engine,
  devices: 2,
  env: {
    ...quiet,
    ...(isReal ? {} : { QUIRE_SIM_IMAGE_MS: '5' }),
    QUIRE_DEVICES_ISOLATION: 'process',
    QUIRE_POOL_MAX_DOCUMENTS: '5000',
    QUIRE_POOL_MAX_PREDICTED_WAIT_MS: '3600000',
  },
});

/** Gauges that must come back to nothing. `held_bytes` counts inputs and pixels. */
const gauges = [
  'quire_documents_in_flight',
  'quire_pages_in_flight',
  'quire_queue_crops',
  'quire_running_crops',
  'quire_queue_cost',
  'quire_kv_blocks_used',
  'quire_held_bytes',
  'quire_prepare_queue_tasks',
];
/** Files of pixels on their way to a device, and folders of this server in the temporary folder. */
function countFiles() {
  const own = new RegExp(`^quire-pixels-\\d+-${server.pid}-`);
  const folders = ['/dev/shm', tmpdir()].flatMap((root) =>
    readdirSync(root)
      .filter((name) => own.test(name))
      .map((name) => `${root}/${name}`),
  );
  return folders.reduce((sum, folder) => sum + readdirSync(folder).length, 0);
}
async function look() {
  const metrics = await readMetrics(server.url);
  const left = Object.fromEntries(gauges.map((name) => [name.replace('quire_', ''), metrics[name] ?? Number.NaN]));
  // The scrape itself is in flight.
  return { ...left, http_requests_in_flight: metrics.quire_http_requests_in_flight - 1, files: countFiles() };
}
const isEmpty = (state) => Object.values(state).every((value) => value === 0);

const random = createRandom(parameters.seed);
const pictures = samplePictures();
const kinds = [
  () => chatRequest(pictures[Math.floor(random() * pictures.length)].bytes),
  () => chatRequest(pictures[Math.floor(random() * pictures.length)].bytes, { stream: true }),
  () => linesRequest(helloPage()),
  () => parseRequest(helloPage(), 'application/x-ndjson'),
];

/** Sends, and cuts the connection after a while. Tells how far it came. */
function visit({ path, headers, body }, stayMs, isCutShort) {
  return new Promise((resolve) => {
    let state = 'before the answer';
    const outgoing = request(`${server.url}${path}`, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
    });
    const timer = setTimeout(() => {
      outgoing.destroy();
      resolve(isCutShort ? 'in the middle of the body' : state);
    }, stayMs);
    outgoing.on('error', () => {});
    outgoing.on('response', (answer) => {
      state = answer.statusCode === 200 ? 'in the middle of the answer' : `after status ${answer.statusCode}`;
      answer.on('error', () => {});
      answer.resume();
      answer.on('end', () => {
        clearTimeout(timer);
        resolve(answer.statusCode === 200 ? 'after the whole answer' : state);
      });
    });
    if (isCutShort) outgoing.write(body.slice(0, body.length >> 1));
    else outgoing.end(body);
  });
}

/**
 * The most KV blocks in use while one page after another is read alone: about the same before and after, if none is
 * lost (crops meet in a batch by chance, so that single pages differ).
 */
async function blocksOfOnePage(times = 6) {
  const readings = [];
  for (let count = 0; count < times; count++) readings.push(await watchOnePage());
  return { ...readings.at(-1), most: Math.max(...readings.map(({ most }) => most)) };
}

async function watchOnePage() {
  let most = 0;
  let isDone = false;
  const reading = send(server.url, linesRequest(helloPage())).then((answer) => {
    isDone = true;
    return answer;
  });
  while (!isDone) {
    for (const { kvBlocksUsed } of await devicesOf(server.url)) most = Math.max(most, kvBlocksUsed);
    await sleep(5);
  }
  const answer = await reading;
  return { most, status: answer.status, text: String(answer.body).replace(/"logId":"[^"]*"/, '') };
}

try {
  const before = await blocksOfOnePage();
  const idle = await look();
  const memoryBefore = treeMemoryMb(server.pid);
  const peak = {};
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      for (const [name, value] of Object.entries(await look())) peak[name] = Math.max(peak[name] ?? 0, value);
      await sleep(200);
    }
  })();
  const visits = Array.from({ length: parameters.clients }, () => ({
    comesAt: random() * parameters.comeMs,
    stayMs: random() * parameters.stayMs,
    request: kinds[Math.floor(random() * kinds.length)](),
    isCutShort: random() < 0.1,
  }));
  const left = await Promise.all(
    visits.map(async ({ comesAt, stayMs, request: wanted, isCutShort }) => {
      await sleep(comesAt);
      return visit(wanted, stayMs, isCutShort);
    }),
  );
  const leftAt = performance.now();
  isOver = true;
  const trace = [];
  let emptyMs = Number.NaN;
  while (performance.now() - leftAt < 30_000) {
    const state = await look();
    const at = performance.now() - leftAt;
    trace.push({ at, ...state });
    if (isEmpty(state)) {
      emptyMs = at;
      break;
    }
    await sleep(20);
  }
  await watching;
  const after = await blocksOfOnePage();
  const final = await look();
  report('disconnect-storm', {
    parameters,
    tables: {
      'How the clients left': Object.entries(countBy(left)).map(([how, count]) => ({ how, count })),
      'What they left behind': Object.keys(idle).map((name) => ({
        what: name,
        before: idle[name],
        peak: peak[name],
        'first look after the last left': trace[0][name],
        'at the end': final[name],
      })),
    },
    notes: [
      `Everything back to 0 after ${Math.round(emptyMs)} ms (goal 1000: ${emptyMs <= 1000 ? 'met' : 'missed'}).`,
      `A page read alone used ${before.most} KV blocks at most before the storm and ${after.most} after it; its answer ${before.text === after.text ? 'is the same' : 'DIFFERS'} (status ${after.status}).`,
      `Memory of all processes: ${memoryBefore} MB before, ${treeMemoryMb(server.pid)} MB after.`,
    ],
    data: { trace },
  });
} finally {
  await server.close();
}
