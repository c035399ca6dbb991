// Requests a second of engines on one CUDA device: every thread keeps the same number of crops in flight, each with one
// picture of a fixed size and a fixed number of output tokens. Preprocessing and HTTP are not part of it.
// usage, after `npm run build`:
//   node test/bench/cuda-throughput.mjs MODEL_DIR HEIGHTxWIDTH OUTPUT_TOKENS IN_FLIGHT THREADS[,THREADS…] [door] [device] [cache]
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { compileModel, openModel } from '../../dist/models/index.js';
import { createRecordingGate } from '../../dist/pool/engine/cuda/native/recording-lock.js';
import { openEngine } from '../../dist/pool/engine/open-engine.js';

if (isMainThread) await compare();
else await work(workerData);

async function compare() {
  const [dir, size, outputTokens, inFlight, threads, cudaDoor = 'c-api', index = '0', cache] = process.argv.slice(2);
  const cacheDir = cache ?? join(tmpdir(), 'quire-bench');
  const [height, width] = size.split('x').map(Number);
  const model = await openModel(dir);
  const { graphs } = await compileModel(model, { device: 'cuda', precision: 'fp16' }, cacheDir);
  for (const threadCount of threads.split(',').map(Number)) {
    const share = {
      dir,
      graphs,
      height,
      width,
      outputTokens: Number(outputTokens),
      index: Number(index),
      cudaDoor,
      recordingGate: createRecordingGate(),
    };
    const each = { ...share, inFlight: Number(inFlight), total: Number(inFlight) * 3 };
    const workers = Array.from(
      { length: threadCount },
      () => new Worker(fileURLToPath(import.meta.url), { workerData: each }),
    );
    const hear = (worker) =>
      new Promise((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    const ended = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    const opened = await Promise.all(workers.map(hear));
    const start = performance.now();
    const results = workers.map(hear);
    for (const worker of workers) worker.postMessage('go');
    const reports = await Promise.all(results);
    const seconds = (performance.now() - start) / 1000;
    const requests = reports.reduce((sum, { finished }) => sum + finished, 0);
    const tokens = reports.reduce((sum, report) => sum + report.tokens, 0);
    const average = (key) => (reports.reduce((sum, report) => sum + report[key], 0) / requests).toFixed(1);
    console.log(
      `${cudaDoor}: ${size}, ${outputTokens} tokens, ${threadCount} x ${inFlight} in flight: ${(requests / seconds).toFixed(2)} requests/s, ` +
        `${Math.round(tokens / seconds)} tokens/s; a request: vision ${average('visionMs')}, prompt ${average('prefillMs')}, ` +
        `decode ${average('decodeMs')} ms of its thread; opened in ${Math.round(Math.max(...opened))} ms`,
    );
    await Promise.all(ended);
  }
}

async function work({ dir, graphs, height, width, outputTokens, inFlight, total, index, cudaDoor, recordingGate }) {
  const openStart = performance.now();
  const opened = await openModel(dir);
  // Without stop tokens every crop is as long as asked for.
  const model = { ...opened, reader: { ...opened.reader, eosTokenIds: [] } };
  const engine = await openEngine({
    deviceId: `cuda:${index}`,
    shard: 0,
    target: { kind: 'cuda', index },
    threadCount: 1,
    cudaDoor,
    recordingGate,
    model,
    graphs,
    limits: {
      maxBatch: inFlight,
      maxSequenceLength: 4096,
      prefillTokenBudget: 8192,
      visionPatchBudget: 16_384,
      kvBlocks: 0,
      kvBytes: 2 * 1024 ** 3,
      loopGuard: false,
    },
    faults: [],
  });
  const { patchSize, mergeSize } = model.reader.vision;
  const grid = { gridHeight: height / patchSize, gridWidth: width / patchSize };
  const patches = new Uint8Array(grid.gridHeight * grid.gridWidth * 3 * patchSize ** 2);
  for (let place = 0; place < patches.length; place++) patches[place] = (place * 2_654_435_761) >>> 24;
  const cells = (grid.gridHeight * grid.gridWidth) / mergeSize ** 2;
  const image = model.reader.imageTokenId;
  const promptIds = [20, 21, 22, 23, ...new Array(cells).fill(image), 24, 25, 26, 27, 28, 29, 30, 31];
  const crop = (id) => ({
    id,
    task: 'ocr',
    promptIds,
    images: [{ ...grid, patches }],
    maxTokens: outputTokens,
    isStreamed: false,
  });

  // One crop first: kernels are chosen and arenas grow.
  engine.admit(crop(-1));
  while (engine.hasWork) await engine.step();
  parentPort.postMessage(performance.now() - openStart);
  await new Promise((resolve) => parentPort.once('message', resolve));
  const report = { finished: 0, tokens: 0, visionMs: 0, prefillMs: 0, decodeMs: 0 };
  let next = 0;
  while (next < inFlight) engine.admit(crop(next++));
  while (engine.hasWork) {
    for (const event of (await engine.step()).events) {
      if (event.type !== 'finished') continue;
      const { timings, tokenIds } = event.reading;
      report.finished++;
      report.tokens += tokenIds.length;
      for (const key of ['visionMs', 'prefillMs', 'decodeMs']) report[key] += timings[key];
      if (next < total) engine.admit(crop(next++));
    }
  }
  parentPort.postMessage(report);
  await engine.close();
}
