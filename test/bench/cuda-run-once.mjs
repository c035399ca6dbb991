// Runs one graph compiled for CUDA a few times on one shape, for a profiler to watch the last run.
// usage, after `npm run build`:
//   ncu --profile-from-start off --clock-control none --metrics gpu__time_duration.sum --csv node test/bench/cuda-run-once.mjs MODEL_DIR WHAT RUNS [door] [device] [cache folder]
// WHAT: vision:HEIGHTxWIDTH (batched from the seventh run on), step:BATCH or prompt:LENGTH
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
import { compileModel, openModel } from '../../dist/models/index.js';
import { openCudaGraphs } from './cuda-graphs.mjs';

const [dir, what, runs, door = 'addon', index = '0', cacheDir = join(tmpdir(), 'quire-bench')] = process.argv.slice(2);
const [kind, size] = what.split(':');
const model = await openModel(dir);
const { graphs } = await compileModel(model, { device: 'cuda', precision: 'fp16' }, cacheDir);
const profiler = koffi.load('libcudart.so.13').func('int cudaProfilerStart()');
const opened = await openCudaGraphs({ model, graphs, device: Number(index), door, blockCount: 600 });
if (kind === 'vision') {
  const { patchSize } = model.reader.vision;
  const [gridHeight, gridWidth] = size.split('x').map((pixels) => Number(pixels) / patchSize);
  const patches = new Uint8Array(gridHeight * gridWidth * 3 * patchSize ** 2).fill(99);
  await repeat(async () => (await opened.encodeImages([{ gridHeight, gridWidth, patches }])).ms?.());
} else {
  const batch = kind === 'step' ? Number(size) : 1;
  const blockCount = kind === 'step' ? 3 : Math.ceil(Number(size) / 256) + 1;
  const rows = Array.from({ length: batch }, (_, row) => ({
    ids: kind === 'step' ? [1000 + row] : Array.from({ length: Number(size) }, (_, place) => 10 + place),
    pastLength: kind === 'step' ? 700 : 0,
    blockIds: Array.from({ length: blockCount }, (_, place) => 1 + row * blockCount + place),
    grids: [],
    embeddings: [],
  }));
  await repeat(() => opened.run(rows));
}

async function repeat(run) {
  for (let turn = 1; turn <= Number(runs); turn++) {
    if (turn === Number(runs)) profiler();
    await run();
  }
}
