// Milliseconds of the graphs compiled for CUDA: decode steps, prompts, pictures. Weights may be random.
// usage, after `npm run build`:
//   node test/bench/cuda-speed.mjs MODEL_DIR [door, c-api or addon] [steps-only, from how many tokens in all steps are wide] [device] [cache]
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileModel, openModel, pagedBlockBytes } from '../../dist/models/index.js';
import { openCudaGraphs } from './cuda-graphs.mjs';

const [dir, door = 'c-api', wideFrom, index = '0', cacheDir = join(tmpdir(), 'quire-bench')] = process.argv.slice(2);
const model = await openModel(dir);
const { vision, text } = model.reader;
const since = (start) => Math.round(performance.now() - start);
let start = performance.now();
const { graphs, fromCache } = await compileModel(model, { device: 'cuda', precision: 'fp16' }, cacheDir);
console.log(`compiled in ${since(start)} ms${fromCache ? ' (cached)' : ''}`);
const blockCount = 600;
start = performance.now();
const opened = await openCudaGraphs({
  model,
  graphs,
  device: Number(index),
  door,
  blockCount,
  wideFrom: wideFrom && Number(wideFrom),
});
console.log(`${door}: opened in ${since(start)} ms, pool ${Math.round((blockCount * pagedBlockBytes(text)) / 1e6)} MB`);

async function measure(count, run) {
  const firstFrom = performance.now();
  await run();
  const first = performance.now() - firstFrom;
  const secondFrom = performance.now();
  await run();
  // Without turns the second run counts.
  const times = count === 0 ? [performance.now() - secondFrom] : [];
  for (let turn = 0; turn < count; turn++) {
    const from = performance.now();
    await run();
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  return `${times[count >> 1].toFixed(2)} ms (first ${first.toFixed(1)})`;
}

const blocksOf = (row, count) => Array.from({ length: count }, (_, place) => 1 + row * count + place);
for (const [batch, past] of [
  [1, 700],
  [4, 700],
  [8, 700],
  [16, 700],
  [32, 700],
  [64, 700],
  [128, 700],
  [1, 300],
  [1, 1300],
  [1, 2600],
  [32, 1300],
  [64, 1300],
]) {
  const blocks = Math.ceil((past + 1) / 256);
  const rows = Array.from({ length: batch }, (_, row) => ({
    ids: [1000 + row],
    pastLength: past,
    blockIds: blocksOf(row, blocks),
    grids: [],
    embeddings: [],
  }));
  console.log(`decode step, past ${past}, batch ${batch}: ${await measure(30, () => opened.run(rows))}`);
}
if (wideFrom) {
  await opened.close();
  process.exit();
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
  console.log(`prompts ${count}x${length}: ${await measure(10, () => opened.run(rows))}`);
}

function picture(height, width) {
  const [gridHeight, gridWidth] = [height / vision.patchSize, width / vision.patchSize];
  const patches = new Uint8Array(gridHeight * gridWidth * 3 * vision.patchSize ** 2);
  for (let place = 0; place < patches.length; place++) patches[place] = (place * 2_654_435_761) >>> 24;
  return { gridHeight, gridWidth, patches };
}
/** Embeddings hold until the next prompt, which makes room for more. */
const prompt = [{ ids: [10, 11], pastLength: 0, blockIds: [1], grids: [], embeddings: [] }];
for (const [height, width, count] of [
  [364, 644, 1],
  [364, 644, 8],
  [728, 1316, 1],
  [616, 1120, 1],
  [84, 1344, 1],
  [84, 1344, 16],
]) {
  const pictures = Array.from({ length: count }, () => picture(height, width));
  const encode = async () => (await opened.encodeImages(pictures)).ms?.();
  // A large picture is packed twice, then padded, and by itself once its size has come often.
  const isLarge = count === 1 && pictures[0].gridHeight * pictures[0].gridWidth >= 2048;
  const ways = [];
  for (const way of isLarge ? ['packed', 'padded', 'exact'] : ['packed']) {
    for (let turn = 0; way === 'exact' && turn < 9; turn++) await encode();
    ways.push(`${way} ${await measure(isLarge && way === 'packed' ? 0 : 8, encode)}`);
    await opened.run(prompt);
  }
  const cells = { height: pictures[0].gridHeight / vision.mergeSize, width: pictures[0].gridWidth / vision.mergeSize };
  const length = cells.height * cells.width + 10;
  const rowsOf = (embeddings) =>
    pictures.map((_, row) => ({
      ids: Array.from({ length }, (_, place) =>
        place > 1 && place < length - 8 ? model.reader.imageTokenId : 100 + place,
      ),
      pastLength: 0,
      blockIds: blocksOf(row, Math.ceil((length + 1) / 256)),
      grids: [cells],
      embeddings: [embeddings[row]],
    }));
  const both = await measure(8, async () => opened.run(rowsOf((await opened.encodeImages(pictures)).embeddings)));
  console.log(`vision ${count}x${height}x${width}: ${ways.join(', ')}; with its prompts ${both}`);
}
await opened.close();
