// The same load on one device and on all of them, through HTTP: requests a second of fixed shapes, and one page of 24 crops.
//   node test/bench/gpu/two-devices.mjs --model DIR [--devices cuda:0,cuda:1] [--parts alone,rate,page,pages]
//
// rate: `shapes` lists WIDTHxHEIGHT:TOKENS:IN_FLIGHT, in flight for each device. Weights must be random: with real ones an
// answer ends when it ends. page: the median time of a page of 24 equal crops, and the mean of its stages (prepare, detect
// and total of the page, the others of a crop); `pages` lists PIXELS:TOKENS, to which a crop is enlarged (0: it is not) and
// what it generates. pages: pages a second of the same kinds, `pagesInFlight` for each device, and who detected their
// layout. alone: one streamed request at a time, on the first device. With one device named nothing is compared.
import { linesRequest, openAgent, send } from '../http/client.mjs';
import { percentile, readParameters, report } from '../http/kit.mjs';
import { describeGpus } from './machine.mjs';
import { measureLoad } from './measure-load.mjs';
import { drawBars, drawPage24, pageCropCount } from './pictures.mjs';
import { readSeries, sumBy } from './read-series.mjs';
import { serve, serverDefaults } from './serve.mjs';

const parameters = readParameters({
  ...serverDefaults,
  parts: 'rate,page',
  shapes: '1316x728:128:128,644x364:512:192',
  warmSeconds: 8,
  seconds: 20,
  clients: 4,
  pages: '0:32,0:128,800000:32',
  pageTurns: 9,
  pagesInFlight: 24,
  aloneTurns: 9,
});
const goals = { rate: 1.95, page: 0.6 };
const devices = parameters.devices.split(',');
const parts = new Set(parameters.parts.split(','));
const shapes = parameters.shapes.split(',').map((text) => {
  const [, width, height, tokens, inFlight] = /^(\d+)x(\d+):(\d+):(\d+)$/.exec(text)?.map(Number) ?? [];
  if (!inFlight) throw new RangeError(`"${text}" is not WIDTHxHEIGHT:TOKENS:IN_FLIGHT`);
  return { width, height, tokens, inFlight };
});
const pageCrops = parameters.pages.split(',').map((text) => {
  const [pixels, tokens] = text.split(':').map(Number);
  return { pixels, tokens };
});
const agent = openAgent();

/** One streamed request after another: time to the first token, and to the end. */
async function measureAlone(server, { width, height, tokens }) {
  const picture = await drawBars(width, height, 1);
  const content = [
    { type: 'image_url', image_url: { url: `data:image/jpeg;base64,${picture.toString('base64')}` } },
    { type: 'text', text: 'OCR:' },
  ];
  const body = JSON.stringify({ messages: [{ role: 'user', content }], max_tokens: tokens, stream: true });
  const path = '/v1/chat/completions';
  const headers = { 'Content-Type': 'application/json' };
  const times = [];
  // The first ten choose kernels.
  for (let turn = -10; turn < parameters.aloneTurns; turn++) {
    let firstAt = 0;
    let chunkCount = 0;
    const onChunk = (chunk) => {
      chunkCount++;
      if (firstAt === 0 && /"content":"[^"]/.test(String(chunk))) firstAt = performance.now();
    };
    const answer = await send(server.url, { path, headers, body, agent, onChunk });
    if (answer.status !== 200 || firstAt === 0) throw new Error(`alone: ${answer.status} ${answer.body}`);
    if (turn >= 0)
      times.push({ firstMs: firstAt - answer.startedAt, ms: answer.endedAt - answer.startedAt, chunkCount });
  }
  const median = (key) =>
    percentile(
      times.map((one) => one[key]),
      0.5,
    );
  return {
    'first token ms, median': median('firstMs'),
    'whole answer ms, median': median('ms'),
    chunks: median('chunkCount'),
  };
}

async function pageRequest({ pixels, tokens }) {
  const request = linesRequest(await drawPage24());
  const body = JSON.stringify({
    ...JSON.parse(request.body),
    useLayoutDetection: true,
    // The detector runs and nothing it finds counts: lines found by their ink are read once, whatever random weights say.
    layoutThreshold: 1,
    mergeLayoutBlocks: false,
    ...(pixels > 0 && { minPixels: pixels }),
    maxNewTokens: tokens,
  });
  return { ...request, body: Buffer.from(body), agent };
}

/** Pages a second with `inFlight` of them at a time, and the share that the devices detected. */
async function measurePages(server, crop, inFlight) {
  const request = await pageRequest(crop);
  const { warmSeconds, seconds } = parameters;
  const startedAt = performance.now();
  const [from, to] = [startedAt + warmSeconds * 1000, startedAt + (warmSeconds + seconds) * 1000];
  const times = [];
  const readOn = async () => {
    while (performance.now() < to) {
      const answer = await send(server.url, request);
      if (answer.status !== 200) throw new Error(`a page: ${answer.status} ${answer.body}`);
      if (answer.endedAt >= from && answer.endedAt < to) times.push(answer.endedAt - answer.startedAt);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, readOn));
  const detected = sumBy(await readSeries(server.url), 'quire_page_detections_total', 'device');
  const all = Object.values(detected).reduce((sum, count) => sum + count, 0);
  return {
    pagesPerSecond: times.length / seconds,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    onDevices: 1 - (detected.host ?? 0) / all,
  };
}

async function measurePage(server, { pixels, tokens }) {
  const request = await pageRequest({ pixels, tokens });
  const times = [];
  let before = [];
  for (let turn = -3; turn < parameters.pageTurns; turn++) {
    if (turn === 0) before = await readSeries(server.url);
    const answer = await send(server.url, request);
    if (answer.status !== 200) throw new Error(`a page: ${answer.status} ${answer.body}`);
    if (turn >= 0) times.push(answer.endedAt - answer.startedAt);
  }
  const after = await readSeries(server.url);
  const counted = (name, label) => {
    const [from, to] = [sumBy(before, name, label), sumBy(after, name, label)];
    return Object.fromEntries(Object.entries(to).map(([key, value]) => [key, value - (from[key] ?? 0)]));
  };
  const perPage = (name) =>
    Object.values(counted(name, 'device')).reduce((sum, count) => sum + count, 0) / parameters.pageTurns;
  const cropCount = perPage('quire_crops_total');
  if (cropCount !== pageCropCount) throw new Error(`the page has ${cropCount} crops, not ${pageCropCount}`);
  const [sums, counts] = ['sum', 'count'].map((part) => counted(`quire_stage_duration_seconds_${part}`, 'stage'));
  const stages = Object.keys(sums)
    .filter((stage) => counts[stage] > 0)
    .map((stage) => `${stage} ${Math.round((1000 * sums[stage]) / counts[stage])}`);
  return {
    ms: percentile(times, 0.5),
    leastMs: Math.min(...times),
    mostMs: Math.max(...times),
    tokenCount: perPage('quire_output_tokens_total') / cropCount,
    imageTokenCount: perPage('quire_image_tokens_total') / cropCount,
    stages: stages.join(', '),
  };
}

const rates = [];
const pages = [];
const pageRates = [];
const alone = [];
const steps = devices.length > 1 ? [devices.slice(0, 1), devices] : [devices];
for (const used of steps) {
  const server = await serve(parameters, used);
  try {
    if (parts.has('alone') && used.length === 1)
      for (const shape of shapes) alone.push({ shape: nameOf(shape), ...(await measureAlone(server, shape)) });
    if (parts.has('rate')) {
      for (const shape of shapes) {
        const { warmSeconds, seconds, clients } = parameters;
        const inFlight = shape.inFlight * used.length;
        rates.push({
          shape: nameOf(shape),
          used,
          inFlight,
          ...(await measureLoad(server, { ...shape, inFlight, clients: clients * used.length, warmSeconds, seconds })),
        });
        console.log(`${used.join('+')} ${nameOf(shape)}: ${rates.at(-1).requestsPerSecond.toFixed(2)} requests/s`);
      }
    }
    if (parts.has('page')) {
      for (const crop of pageCrops) {
        pages.push({ crop, used, ...(await measurePage(server, crop)) });
        console.log(`${used.join('+')} page, ${nameOfCrop(crop)}: ${Math.round(pages.at(-1).ms)} ms`);
      }
    }
    if (parts.has('pages')) {
      for (const crop of pageCrops) {
        const inFlight = parameters.pagesInFlight * used.length;
        pageRates.push({ crop, used, inFlight, ...(await measurePages(server, crop, inFlight)) });
        console.log(
          `${used.join('+')} pages, ${nameOfCrop(crop)}: ${pageRates.at(-1).pagesPerSecond.toFixed(1)} pages/s`,
        );
      }
    }
  } finally {
    await server.close();
  }
}
agent.destroy();

const tables = {};
if (alone.length > 0) tables['One request at a time'] = alone;
if (rates.length > 0) {
  tables['Requests a second'] = rates.map(({ shape, used, ...figures }) => ({
    shape,
    devices: used.join('+'),
    'in flight': figures.inFlight,
    'requests/s': figures.requestsPerSecond,
    ...ratioOf(
      rates,
      used,
      (one) => one.shape === shape,
      'requestsPerSecond',
      (ratio) => ratio >= goals.rate,
    ),
    'tokens each': figures.tokensPerRequest,
    'p50 ms': Math.round(figures.p50Ms),
    'p99 ms': Math.round(figures.p99Ms),
    'cores of the server': figures.serverCores,
    'of its main process': figures.mainCores,
    'loop delay p99 ms': figures.loopDelayP99Ms,
    'cores of the busiest client': figures.busiestClientCores,
  }));
}
if (pages.length > 0) {
  tables['One page of 24 crops'] = pages.map(({ crop, used, ...figures }) => ({
    'a crop': nameOfCrop(crop),
    'image tokens, tokens read': `${figures.imageTokenCount}, ${figures.tokenCount}`,
    devices: used.join('+'),
    'median ms': Math.round(figures.ms),
    'least, most': `${Math.round(figures.leastMs)}, ${Math.round(figures.mostMs)}`,
    ...ratioOf(
      pages,
      used,
      (one) => one.crop === crop,
      'ms',
      (ratio) => ratio <= goals.page,
    ),
    'stages, mean ms': figures.stages,
  }));
}
if (pageRates.length > 0) {
  tables['Pages of 24 crops a second'] = pageRates.map(({ crop, used, ...figures }) => ({
    'a crop': nameOfCrop(crop),
    devices: used.join('+'),
    'in flight': figures.inFlight,
    'pages/s': figures.pagesPerSecond,
    ...ratioOf(
      pageRates,
      used,
      (one) => one.crop === crop,
      'pagesPerSecond',
      (ratio) => ratio >= goals.rate,
    ),
    'p50 ms': Math.round(figures.p50Ms),
    'p99 ms': Math.round(figures.p99Ms),
    'detected by the devices': figures.onDevices,
  }));
}
report(steps.length === 1 ? 'gpu-one-device' : 'gpu-two-devices', {
  parameters,
  tables,
  notes: [
    describeGpus(),
    `Goals of two devices: at least ${goals.rate} times the requests, at most ${goals.page} of the time.`,
  ],
  data: { rates, pages, pageRates, alone },
});

function nameOfCrop({ pixels, tokens }) {
  return `${pixels > 0 ? `enlarged to ${pixels} pixels` : 'as printed'}, ${tokens} tokens`;
}

function nameOf({ width, height, tokens }) {
  return `${width}x${height}, ${tokens} tokens`;
}

/** Beside the run of one device; nothing to say for that run itself. */
function ratioOf(runs, used, isSame, key, isReached) {
  if (steps.length === 1) return {};
  if (used.length === 1) return { 'to one': 1, goal: '' };
  const [one, all] = [steps[0], used].map((set) => runs.find((run) => run.used === set && isSame(run))[key]);
  return { 'to one': all / one, goal: isReached(all / one) ? 'reached' : 'NOT reached' };
}
