// The server's own time added to a request over calling the engine directly.
//   npm run build && node test/bench/http/overhead.mjs [--small 1000] [--large 300]
//
// A chat turn of 4 KB and of 2 MB (JSON with a picture in Base64), one at a time over one kept connection, to a server
// whose device reads in no time: what the client waits for is then the server's own time and the preparing of the
// picture. Preparing (decode, resize, patches) and reading have to be done by whoever calls the engine, so they are
// taken off, in two ways:
// - added to the stages: the client's time less `prepare`, `vision`, `prefill` and `decode` as the server reports them.
//   `prepare` is the time in the prepare thread and the way there and back. Left over: HTTP on both sides, JSON, Base64,
//   validation, admission, the prompt, queue, the way to the shard's thread and back, detokenizing, metrics, the answer.
// - added to a direct call: before each request the same picture is decoded, cut and put through the same engine by
//   plain calls in the benchmark's own thread, and that time is taken off instead. The ways to and from the prepare
//   thread now count as the server's.
// Beside it: a bare node:http server that reads the same body and sends back the same answer.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import sharp from 'sharp';
import { cropProcessor, cropToPatches, openModel, openTokenizer } from '../../../dist/models/index.js';
import { decodeImage } from '../../../dist/pool/prepare/decode-image.js';
import { sniffInput } from '../../../dist/pool/prepare/sniff-input.js';
import { chatRequest, openAgent, samplePictures, send, stagesOf } from './client.mjs';
import { createRandom, percentile, readParameters, report, root } from './kit.mjs';
import { quiet } from './page-load.mjs';
import { startServer } from './servers.mjs';

const parameters = readParameters({ small: 1000, large: 300, warm: 50, seed: 3 });
// Read when the engine is loaded.
process.env.QUIRE_SIM_IMAGE_MS = '0';
const { openEngine } = await import('./paced-engine.mjs');

const direct = await openDirect();
const server = await startServer({ engine: 'simulated', env: { QUIRE_SIM_IMAGE_MS: '0', ...quiet } });
const bare = await startBare();
const rows = [];
const data = {};
try {
  await measure('4 KB', await pictureOf(4 * 1024), parameters.small, 2);
  await measure('2 MB', await pictureOf(2 * 1024 * 1024), parameters.large, 15);
} finally {
  await server.close();
  bare.kill();
  await direct.close();
}
report('overhead', {
  parameters,
  tables: { 'Milliseconds, one request at a time': rows },
  notes: ['Goal: p99 under 2 ms (4 KB) and under 15 ms (2 MB).'],
  data,
});

async function measure(label, picture, count, goalMs) {
  const request = chatRequest(picture);
  const agent = openAgent(1);
  const samples = { total: [], overStages: [], overDirect: [], prepare: [], direct: [], bare: [] };
  for (let index = -parameters.warm; index < count; index++) {
    const directMs = await direct.read(picture);
    const answer = await send(server.url, { ...request, agent });
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.error} ${answer.body}`);
    const floor = await send(bare.url, { ...request, agent });
    if (index < 0) continue;
    const total = answer.endedAt - answer.startedAt;
    const { prepare, vision, prefill, decode } = stagesOf(answer);
    samples.total.push(total);
    samples.prepare.push(prepare);
    samples.direct.push(directMs);
    samples.overStages.push(total - prepare - vision - prefill - decode);
    samples.overDirect.push(total - directMs);
    samples.bare.push(floor.endedAt - floor.startedAt);
  }
  agent.destroy();
  const row = (what, values, goal) => ({
    body: label,
    'body bytes': Buffer.byteLength(request.body),
    what,
    p50: percentile(values, 0.5),
    p90: percentile(values, 0.9),
    p99: percentile(values, 0.99),
    max: percentile(values, 1),
    ...{ goal: goal ? `p99 < ${goal}: ${percentile(values, 0.99) < goal ? 'met' : 'missed'}` : '' },
  });
  rows.push(
    row('whole request', samples.total),
    row('preparing the picture, as the server reports it', samples.prepare),
    row('direct: prepare and engine by plain calls', samples.direct),
    row('added by the server, over its stages', samples.overStages, goalMs),
    row('added by the server, over the direct call', samples.overDirect, goalMs),
    row('a bare node:http server, same body', samples.bare),
  );
  data[label] = samples;
}

/** A picture whose chat body has about this size; the larger one is noise, which no format makes small. */
async function pictureOf(bodyBytes) {
  const wanted = ((bodyBytes - 200) * 3) / 4;
  if (bodyBytes < 10_000) {
    const { bytes } = samplePictures().find(({ name }) => name === '00_en_line');
    for (let width = 420; ; width -= 10) {
      const smaller = await sharp(bytes).extract({ left: 0, top: 0, width, height: 42 }).png().toBuffer();
      if (smaller.length <= wanted) return smaller;
    }
  }
  const random = createRandom(parameters.seed);
  const width = 900;
  const height = Math.floor(wanted / width / 3);
  const pixels = Buffer.from(Uint8Array.from({ length: width * height * 3 }, () => random() * 256));
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 1 })
    .toBuffer();
}

/** Preparing and reading without a server, thread or queue. */
async function openDirect() {
  const model = await openModel(join(root, 'models/pocket'));
  const { promptTemplate, tokenizer } = openTokenizer(model);
  const engine = await openEngine({ model: { reader: model.reader, manifest: model.manifest } });
  sharp.concurrency(1);
  sharp.cache(false);
  const limits = { maxImagePixels: 178_956_970, maxPages: 1000, pdfDpi: 144 };
  let id = 0;
  return {
    async read(bytes) {
      const startedAt = performance.now();
      const image = await decodeImage(new Uint8Array(bytes), sniffInput(bytes), 0, limits);
      const patches = cropToPatches(image, cropProcessor(model.imageProcessor, 'ocr', {}), 'ocr');
      const cells = (patches.gridHeight * patches.gridWidth) / model.reader.vision.mergeSize ** 2;
      const { tokenIds: promptIds } = promptTemplate.forTask('ocr', cells);
      engine.admit({ id: ++id, task: 'ocr', promptIds, images: [patches], maxTokens: 100, isStreamed: true });
      let events = [];
      while (!events.some(({ type }) => type === 'finished')) ({ events } = await engine.step());
      tokenizer.decode(events[0].reading.tokenIds);
      return performance.now() - startedAt;
    },
    close: () => engine.close(),
  };
}

/** node:http alone, in a process of its own: reads the body, answers as long as a chat answer is. */
async function startBare() {
  const code = `require('node:http').createServer((q, r) => { const c = []; q.on('data', (d) => c.push(d)); q.on('end', () => { Buffer.concat(c); r.setHeader('Content-Type', 'application/json'); r.end('x'.repeat(500)); }); }).listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = await once(child.stdout, 'data');
  return { url: `http://127.0.0.1:${Number(String(chunk))}`, kill: () => child.kill() };
}
