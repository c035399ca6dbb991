// Milliseconds of the graphs compiled for CUDA: decode steps, prompts, vision batched and packed, first runs of new
// shapes. Weights may be random.
// usage, after `npm run build`:  node test/bench/cuda-speed.mjs MODEL_DIR [device index] [cache folder]
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  compileModel,
  createCudaVisionInputs,
  embedKvPool,
  openModel,
  pagedBlockBytes,
} from '../../dist/models/index.js';
import { PagedGraphs } from '../../dist/pool/engine/cuda/paged-graphs.js';
import { openSession } from '../../dist/pool/engine/session.js';

const [dir, index = '0', cacheDir = join(tmpdir(), 'quire-bench')] = process.argv.slice(2);
const model = await openModel(dir);
const { vision: visionConfig, text } = model.reader;
const since = (start) => Math.round(performance.now() - start);
let start = performance.now();
const { graphs, fromCache } = await compileModel(model, { device: 'cuda', precision: 'fp16' }, cacheDir);
console.log(`compiled in ${since(start)} ms${fromCache ? ' (cached)' : ''}`);
const blockCount = 512;
const options = { device: { kind: 'cuda', index: Number(index) }, threadCount: 1 };
start = performance.now();
const vision = await openSession(graphs.vision, options);
console.log(`vision session ${since(start)} ms`);
start = performance.now();
const decoder = await openSession(embedKvPool(graphs.decode, text, blockCount), options);
console.log(`decoder session ${since(start)} ms, pool ${Math.round((blockCount * pagedBlockBytes(text)) / 1e6)} MB`);
const paged = new PagedGraphs({ vision, decoder }, model);

async function median(count, run) {
  await run();
  await run();
  const times = [];
  for (let turn = 0; turn < count; turn++) {
    const from = performance.now();
    await run();
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  return times[count >> 1].toFixed(2);
}

const blocksOf = (row, count) => Array.from({ length: count }, (_, place) => 1 + row * count + place);
for (const [batch, past] of [
  [1, 700],
  [8, 700],
  [32, 700],
  [64, 700],
  [128, 700],
  [1, 300],
  [1, 1300],
  [1, 2600],
  [32, 1300],
]) {
  const blocks = Math.ceil((past + 1) / 256);
  const rows = Array.from({ length: batch }, (_, row) => ({
    ids: [1000 + row],
    pastLength: past,
    blockIds: blocksOf(row, blocks),
    grids: [],
    embeddings: [],
  }));
  console.log(`decode step, past ${past}, batch ${batch}: ${await median(30, () => paged.run(rows))} ms`);
}
for (const [length, count] of [
  [311, 1],
  [311, 4],
  [1234, 1],
  [1234, 4],
]) {
  const rows = Array.from({ length: count }, (_, row) => ({
    ids: Array.from({ length }, (_, place) => 10 + place),
    pastLength: 0,
    blockIds: blocksOf(row, Math.ceil((length + 1) / 256)),
    grids: [],
    embeddings: [],
  }));
  console.log(`prompts ${count}x${length}: ${await median(10, () => paged.run(rows))} ms`);
}

function picture(height, width) {
  const [gridHeight, gridWidth] = [height / visionConfig.patchSize, width / visionConfig.patchSize];
  const patches = new Uint8Array(gridHeight * gridWidth * 3 * visionConfig.patchSize ** 2);
  for (let place = 0; place < patches.length; place++) patches[place] = (place * 2_654_435_761) >>> 24;
  return { gridHeight, gridWidth, patches };
}
const inputsOf = (pictures, isBatched) => createCudaVisionInputs(pictures, visionConfig, 'half-pixel', isBatched);
for (const [height, width, count] of [
  [364, 644, 1],
  [364, 644, 4],
  [364, 644, 8],
  [728, 1316, 1],
  [728, 1316, 2],
  [728, 1316, 4],
  [84, 1344, 1],
  [84, 1344, 16],
]) {
  const pictures = Array.from({ length: count }, () => picture(height, width));
  start = performance.now();
  const batched = inputsOf(pictures, true);
  const inputMs = (performance.now() - start).toFixed(1);
  const packed = inputsOf(pictures, false);
  const times = [await median(8, () => vision.run(batched)), await median(8, () => vision.run(packed))];
  console.log(
    `vision ${count}x${height}x${width}: batched ${times[0]} ms, packed ${times[1]} ms, inputs ${inputMs} ms`,
  );
}
for (const [height, width] of [
  [112, 420],
  [140, 532],
  [196, 700],
  [252, 476],
  [308, 868],
]) {
  const times = [];
  for (const isBatched of [true, true, false, false]) {
    const inputs = inputsOf([picture(height, width)], isBatched);
    start = performance.now();
    await vision.run(inputs);
    times.push((performance.now() - start).toFixed(1));
  }
  console.log(
    `new shape ${height}x${width}: batched first ${times[0]} then ${times[1]}, packed ${times[2]} then ${times[3]} ms`,
  );
}
await paged.close();
