// What the prepare stage costs one page of 24 crops on devices of a fixed speed, and what a busy server does of such pages.
//   npm run build && node test/bench/one-page.mjs [--devices 1,2] [--prepareThreads 1] [--pages 0:240,800000:840] [--busy 8]
//
// `pages` lists PIXELS:MS, to which a crop is enlarged (0: it is not) and what its crops take one device together. Decoding,
// layout and cutting are real, at the pixel limits of the published 0.9B model; the devices sleep. First and last crop: when they are in the queue of the devices.
// busy: so many pages in flight and devices that take no time, so that the prepare threads are what bounds it; 0: not run.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawPage24, pageCropCount } from './gpu/pictures.mjs';
import { percentile, readParameters, report, root } from './http/kit.mjs';
import { openSimulatedPool } from './simulated-pool.mjs';

const parameters = readParameters({
  devices: '1,2',
  prepareThreads: 0,
  pages: '0:240,800000:840',
  turns: 15,
  busy: 8,
  busyPages: 64,
});
const { turns, busy, busyPages, prepareThreads } = parameters;
const bytes = await drawPage24();
const model = writeModel();
const settings = { prepare: { threads: prepareThreads }, model: { dir: model } };
// The detector runs and nothing it finds counts, so that lines found by their ink are read once.
const recipeOf = (pixels) => ({
  layoutThreshold: 1,
  mergeLayoutBlocks: false,
  ...(pixels > 0 && { minPixels: pixels }),
});

/** The embedded model with the published limits, and pages cut as for it: nothing is read, so its weights do not matter. */
function writeModel() {
  const dir = mkdtempSync(join(tmpdir(), 'quire-bench-model-'));
  cpSync(join(root, 'models/pocket'), dir, { recursive: true });
  const change = (name, values) => {
    const file = join(dir, name);
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...values }));
  };
  const [min_pixels, max_pixels] = [112_896, 1_003_520];
  const size = { shortest_edge: min_pixels, longest_edge: max_pixels };
  change('preprocessor_config.json', { min_pixels, max_pixels, size });
  change('quire.json', { crop: undefined, lineBreaks: undefined, tasks: undefined, table: undefined });
  return dir;
}

/** One page, with when its crops were in the queue. */
async function readPage(pool, pixels) {
  const queued = [];
  const stop = pool.onEvent((event) => {
    if (event.type === 'crop-finished') queued.push(performance.now() - event.timings.totalMs);
  });
  const startedAt = performance.now();
  const { timings } = await pool.parse({ bytes }, { recipe: recipeOf(pixels) }).result;
  const ms = performance.now() - startedAt;
  stop();
  if (timings.cropCount !== pageCropCount) throw new Error(`the page has ${timings.cropCount} crops`);
  const [firstMs, lastMs] = [Math.min(...queued) - startedAt, Math.max(...queued) - startedAt];
  return { ms, firstMs, lastMs, prepareMs: timings.prepareMs, detectMs: timings.detectMs, timings };
}

/** Image tokens of all crops of a page: what the speed of a device is counted in. */
async function countTokens(pixels) {
  process.env.QUIRE_SIM_IMAGE_MS = '0';
  const pool = await openSimulatedPool(1, settings);
  const { timings } = await readPage(pool, pixels);
  await pool.close();
  return timings.imageTokenCount;
}

const alone = [];
for (const text of parameters.pages.split(',')) {
  const [pixels, pageMs] = text.split(':').map(Number);
  const crop = pixels > 0 ? `enlarged to ${pixels} pixels` : 'as printed';
  process.env.QUIRE_SIM_IMAGE_MS = String(pageMs / (await countTokens(pixels)));
  let oneMs = 0;
  for (const deviceCount of parameters.devices.split(',').map(Number)) {
    const pool = await openSimulatedPool(deviceCount, settings);
    const pages = [];
    for (let turn = -3; turn < turns; turn++) {
      const page = await readPage(pool, pixels);
      if (turn >= 0) pages.push(page);
    }
    await pool.close();
    const median = (key) =>
      Math.round(
        percentile(
          pages.map((page) => page[key]),
          0.5,
        ),
      );
    oneMs ||= median('ms');
    alone.push({
      'a crop': crop,
      devices: deviceCount,
      'crops on one device, ms': pageMs,
      'page, median ms': median('ms'),
      'to the first row': median('ms') / oneMs,
      'first crop': median('firstMs'),
      'last crop': median('lastMs'),
      prepare: median('prepareMs'),
      detect: median('detectMs'),
    });
  }
}

const crowded = [];
if (busy > 0) {
  process.env.QUIRE_SIM_IMAGE_MS = '0';
  const pool = await openSimulatedPool(2, settings);
  const times = [];
  let left = busyPages;
  const startedAt = performance.now();
  const client = async () => {
    while (left-- > 0) times.push((await readPage(pool, 0)).ms);
  };
  await readPage(pool, 0);
  await Promise.all(Array.from({ length: busy }, client));
  await pool.close();
  crowded.push({
    'pages in flight': busy,
    'pages/s': (1000 * busyPages) / (performance.now() - startedAt),
    'median ms': Math.round(percentile(times, 0.5)),
    'p95 ms': Math.round(percentile(times, 0.95)),
  });
}
rmSync(model, { recursive: true });
report('one-page', {
  parameters,
  tables: { 'One page alone': alone, ...(busy > 0 && { 'A busy server': crowded }) },
  data: { alone, crowded },
});
