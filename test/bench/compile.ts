/**
 * Compiles a snapshot, reads one crop through it and prints seconds and peak memory.
 *   node compile.js [MODEL_DIR] [fp32|int8]
 * Without a folder it writes a snapshot of the published 0.9B sizes with random weights into the temporary folder.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileModel } from '../../models/compile/compile-model.js';
import { openModel } from '../../models/open-model.js';
import { openGreedyReader } from '../support/greedy-reader.js';
import { writeRandomSnapshot } from '../support/write-random-snapshot.js';

const [, , modelDir, precision = 'fp32'] = process.argv;
if (precision !== 'fp32' && precision !== 'int8') throw new RangeError('precision is fp32 or int8');
const folder = mkdtempSync(join(tmpdir(), 'quire-bench-'));
const gridSide = 24;
const stepCount = 32;

/** Megabytes of this process as Linux counts them: at its peak, and without what is mapped from files. */
function memory(): string {
  const status = readFileSync('/proc/self/status', 'utf8');
  const megabytes = (name: string) => Math.round(Number(status.match(new RegExp(`${name}:\\s+(\\d+)`))?.[1]) / 1024);
  return `peak ${megabytes('VmHWM')} MB, now ${megabytes('RssAnon')} MB of its own and ${megabytes('RssFile')} MB mapped`;
}

async function timed<T>(label: string, action: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await action();
  console.log(`${label}: ${((performance.now() - start) / 1000).toFixed(2)} s; ${memory()}`);
  return result;
}

try {
  console.log(`${cpus().length} x ${cpus()[0].model}, ${precision}`);
  const dir = modelDir ?? join(folder, 'model');
  if (!modelDir) await timed('write a random 0.9B snapshot', async () => writeRandomSnapshot(dir));
  const model = await timed('open', () => openModel(dir));
  const target = { device: 'cpu', precision } as const;
  const cache = join(folder, 'cache');
  const compiled = await timed('compile', () => compileModel(model, target, cache));
  await timed('compile again, from the cache', () => compileModel(model, target, cache));
  const reader = await timed('open the graphs', () => openGreedyReader(model, compiled));
  const patches = Uint8Array.from({ length: gridSide ** 2 * 588 }, (_, index) => (index * 37) % 256);
  const crop = { gridHeight: gridSide, gridWidth: gridSide, patches };
  const cells = new Array<number>(gridSide ** 2 / model.reader.vision.mergeSize ** 2).fill(model.reader.imageTokenId);
  await timed(`read one crop of ${gridSide ** 2} patches, ${stepCount} tokens`, () =>
    reader.read([{ patches: crop, promptIds: [4, ...cells, 8, 9] }], { maxTokens: stepCount }),
  );
  const { vision, prefill, decode, steps } = reader.spent;
  const perStep = steps > 0 ? (decode / steps).toFixed(1) : '-';
  console.log(`vision ${vision.toFixed(0)} ms, prefill ${prefill.toFixed(0)} ms, decode ${perStep} ms a step`);
  await reader.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
