// What the host does for a picture of the chat route, at the pixel limits of the published 0.9B model. Needs no GPU.
//   npm run build && node test/bench/prepare-path.mjs [--runs 60] [--seconds 6] [--threads 1,2,4]
//
// - Stages: each by plain calls in one thread, one request after another.
// - Whole request: first token of a streamed answer through HTTP, prepare threads, /dev/shm and a device process whose
//   engine is the one for CUDA on graphs that compute nothing (`prepare-engine.mjs`).
// - Pictures a second of 1 to N prepare threads, several at once, and the processor time each takes.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import {
  createTokenStream,
  cropProcessor,
  cropToPatches,
  defaultPageHints,
  openModel,
  openTokenizer,
} from '../../dist/models/index.js';
import { openPixelFiles, takePixels } from '../../dist/pool/pixel-files.js';
import { decodeImage } from '../../dist/pool/prepare/decode-image.js';
import { openPreparePool } from '../../dist/pool/prepare/prepare-pool.js';
import { sniffInput } from '../../dist/pool/prepare/sniff-input.js';
import { completionHead, toChatChunk } from '../../dist/router/dialects/openai/chat-completion.js';
import { chatRequestSchema } from '../../dist/router/dialects/openai/chat-request.js';
import { toRecognizeInput } from '../../dist/router/dialects/openai/to-recognize-input.js';
import { parseJson } from '../../dist/router/input/parse-json.js';
import { openAgent, send } from './http/client.mjs';
import { percentile, readParameters, report, root } from './http/kit.mjs';
import { emptyGraphs } from './prepare-engine.mjs';

const parameters = readParameters({ runs: 60, warm: 15, seconds: 6, threads: '1,2,4' });
const limits = { maxImagePixels: 178_956_970, maxPages: 1000, pdfDpi: 144 };
sharp.concurrency(1);
sharp.cache(false);

const folder = process.env.QUIRE_BENCH_MODEL ?? (await writeModel());
const model = await openModel(folder);
const tokenizer = openTokenizer(model);
const pictures = await cutPictures();
const stageRows = [];
const requestRows = [];
const threadRows = [];
try {
  for (const picture of pictures) stageRows.push(await measureStages(picture));
  const server = await startServer();
  try {
    for (const picture of pictures) requestRows.push(await measureRequests(server.url, picture));
  } finally {
    await server.close();
  }
  for (const count of String(parameters.threads).split(',').map(Number)) await measureThreads(count);
} finally {
  if (!process.env.QUIRE_BENCH_MODEL) rmSync(folder, { recursive: true, force: true });
}
report('prepare-path', {
  parameters,
  tables: {
    'Milliseconds of each stage, one thread, p50': stageRows,
    'Milliseconds to the first token and to the last of 8, through HTTP and a device process, no GPU time': requestRows,
    'Pictures a second by prepare threads': threadRows,
  },
});

/** A snapshot of the published shapes but for its layers, so that compiling it takes a moment. */
async function writeModel() {
  const out = join(root, 'test-results/bench');
  const script = join(root, 'test/support/write-random-snapshot.ts');
  const flags = ['--ignoreConfig', '--module', 'nodenext', '--target', 'es2023', '--types', 'node', '--outDir', out];
  execFileSync(join(root, 'node_modules/.bin/tsc'), [...flags, script], { stdio: 'inherit' });
  const { publishedSizes, writeRandomSnapshot } = await import(join(out, 'write-random-snapshot.js'));
  const dir = mkdtempSync(join(tmpdir(), 'quire-bench-model-'));
  const { vision, text } = publishedSizes;
  writeRandomSnapshot(dir, { sizes: { vision: { ...vision, layers: 1 }, text: { ...text, layers: 1, vocab: 8192 } } });
  return dir;
}

/** Parts of a printed page as JPEG: at the sizes of the reader, and one that has to be made smaller. */
async function cutPictures() {
  const page = readFileSync(join(root, 'router/web/sample.png'));
  const cut = async (name, scale, [left, top, width, height]) => {
    const scaled = await sharp(page)
      .resize({ width: Math.round(1000 * scale) })
      .toBuffer();
    const bytes = await sharp(scaled).extract({ left, top, width, height }).flatten().jpeg({ quality: 90 }).toBuffer();
    return { name: `${name} ${width}x${height}`, bytes: new Uint8Array(bytes) };
  };
  return [
    await cut('page', 1.316, [0, 100, 1316, 728]),
    await cut('scan', 1.974, [0, 150, 1974, 1092]),
    await cut('column', 1, [100, 300, 644, 364]),
    await cut('line', 1.316, [130, 480, 1060, 34]),
  ];
}

function bodyOf({ bytes }) {
  const url = `data:image/jpeg;base64,${Buffer.from(bytes).toString('base64')}`;
  const content = [
    { type: 'image_url', image_url: { url } },
    { type: 'text', text: 'OCR:' },
  ];
  return Buffer.from(JSON.stringify({ messages: [{ role: 'user', content }], max_tokens: 8, stream: true }));
}

async function measureStages(picture) {
  const body = bodyOf(picture);
  const files = openPixelFiles();
  const graphs = emptyGraphs(model);
  const samples = new Map();
  let size = {};
  for (let run = -parameters.warm; run < parameters.runs; run++) {
    let from = performance.now();
    const begun = from;
    const ended = (name, until = performance.now()) => {
      if (run >= 0) samples.set(name, [...(samples.get(name) ?? []), until - from]);
      from = performance.now();
    };
    const request = chatRequestSchema.parse(parseJson(body));
    const input = await toRecognizeInput(request, { fetch: null, maxImageBytes: 1e9, maxTokens: 8 });
    ended('JSON, checks, Base64');
    const { bytes } = input.messages[0].content[0];
    const image = await decodeImage(bytes, sniffInput(bytes), 0, limits);
    ended('decode');
    const patches = cropToPatches(image, cropProcessor(model.imageProcessor, 'ocr', {}), 'ocr');
    ended('resize, patches');
    const cells = (patches.gridHeight * patches.gridWidth) / model.reader.vision.mergeSize ** 2;
    const { tokenIds } = tokenizer.promptTemplate.forTask('ocr', cells);
    ended('prompt');
    const read = { ...patches, patches: takePixels(await files.write(patches.patches)) };
    ended('pixel file');
    const { embeddings } = await graphs.encodeImages([read]);
    ended('vision inputs');
    const merged = { height: patches.gridHeight / 2, width: patches.gridWidth / 2 };
    const blockIds = Array.from({ length: Math.ceil(tokenIds.length / 256) + 1 }, (_, block) => block + 1);
    const row = { ids: tokenIds, pastLength: 0, blockIds, grids: [merged], embeddings };
    const { tokens } = await graphs.run([row]);
    ended('prompt inputs');
    const text = createTokenStream(tokenizer.tokenizer).push(tokens);
    JSON.stringify(toChatChunk(completionHead(model.name), { content: text }));
    ended('first chunk');
    from = begun;
    ended('all');
    size = { grid: `${patches.gridWidth}x${patches.gridHeight}`, 'JPEG KB': Math.round(bytes.length / 1024) };
  }
  files.close();
  const medians = [...samples].map(([name, values]) => [name, percentile(values, 0.5)]);
  return { picture: picture.name, ...size, ...Object.fromEntries(medians) };
}

async function startServer() {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./prepare-server.mjs', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('QUIRE_'))),
      QUIRE_CACHE_DIR: join(root, 'test-results/cache'),
      QUIRE_SERVER_PORT: '0',
      QUIRE_LOG_LEVEL: 'warn',
      QUIRE_MODEL_DIR: folder,
      QUIRE_DEVICES_USE: 'cpu',
      QUIRE_DEVICES_ISOLATION: 'process',
    },
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const ended = new Promise((resolve) => child.once('close', resolve));
  let output = '';
  for await (const text of child.stdout.setEncoding('utf8')) {
    output += text;
    if (/is ready/.test(output)) break;
  }
  const [, url] = /listens on (\S+)/.exec(output) ?? [];
  if (!url) throw new Error(`the server did not become ready:\n${output}`);
  return {
    url,
    close() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

async function measureRequests(url, picture) {
  const request = {
    path: '/v1/chat/completions',
    headers: { 'Content-Type': 'application/json' },
    body: bodyOf(picture),
  };
  const agent = openAgent(1);
  const first = [];
  const all = [];
  for (let run = -parameters.warm; run < parameters.runs; run++) {
    let firstAt = 0;
    const onChunk = (chunk) => {
      if (!firstAt && /"content":"[^"]/.test(chunk)) firstAt = performance.now();
    };
    const answer = await send(url, { ...request, agent, onChunk });
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.error} ${answer.body}`);
    if (run < 0) continue;
    first.push(firstAt - answer.startedAt);
    all.push(answer.endedAt - answer.startedAt);
  }
  agent.destroy();
  return {
    picture: picture.name,
    'first token p50': percentile(first, 0.5),
    'first token p90': percentile(first, 0.9),
    'first token p99': percentile(first, 0.99),
    'eight tokens p50': percentile(all, 0.5),
  };
}

async function measureThreads(threadCount) {
  const { imageProcessor } = model;
  const setup = { limits, imageProcessor, hints: defaultPageHints };
  const pool = openPreparePool({ setup, threadCount, maxQueueLength: 100 });
  for (const picture of pictures) {
    const task = { bytes: picture.bytes, task: 'ocr', pixels: {} };
    await Promise.all(Array.from({ length: threadCount * 8 }, () => pool.preparePicture(task)));
    let count = 0;
    const from = performance.now();
    const before = process.cpuUsage();
    const workers = Array.from({ length: threadCount + 1 }, async () => {
      while (performance.now() - from < parameters.seconds * 1000) {
        await pool.preparePicture(task);
        count++;
      }
    });
    await Promise.all(workers);
    const seconds = (performance.now() - from) / 1000;
    const { user, system } = process.cpuUsage(before);
    threadRows.push({
      threads: threadCount,
      picture: picture.name,
      'a second': count / seconds,
      'cores used': (user + system) / 1e6 / seconds,
      'a second and core': count / ((user + system) / 1e6),
    });
  }
  await pool.close();
}
