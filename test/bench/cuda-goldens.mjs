// The twelve samples of the embedded model on a CUDA device, against their goldens: alone, together, joining, and in a
// pool so small that sequences give way.
// usage, after `npm run build`:  node test/bench/cuda-goldens.mjs [door, c-api or addon] [device index] [cache folder]
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { compileModel, cropToPatches, embeddedModelDir, openModel, openTokenizer } from '../../dist/models/index.js';
import { openEngine } from '../../dist/pool/engine/open-engine.js';

const [cudaDoor = 'c-api', index = '0', cacheDir = join(tmpdir(), 'quire-bench')] = process.argv.slice(2);
const model = await openModel(embeddedModelDir());
const compileStart = performance.now();
const { graphs, fromCache } = await compileModel(model, { device: 'cuda', precision: 'fp16' }, cacheDir);
console.log(`compiled in ${Math.round(performance.now() - compileStart)} ms${fromCache ? ' (cached)' : ''}`);
const { promptTemplate } = openTokenizer(model);
const samplesDir = join(embeddedModelDir(), 'samples');
const samples = JSON.parse(readFileSync(join(samplesDir, 'samples.json'), 'utf8'));
const crops = await Promise.all(
  samples.map(async ({ file, task: prompt }, id) => {
    const { data, info } = await sharp(join(samplesDir, file))
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const task = prompt === 'Table Recognition:' ? 'table' : 'ocr';
    const page = { width: info.width, height: info.height, data: new Uint8Array(data) };
    const patches = cropToPatches(page, model.imageProcessor, task);
    const cells = (patches.gridHeight * patches.gridWidth) / model.reader.vision.mergeSize ** 2;
    const { tokenIds } = promptTemplate.forTask(task, cells);
    return { id, task, promptIds: tokenIds, images: [patches], maxTokens: 512, isStreamed: false };
  }),
);

const limits = {
  maxBatch: 32,
  maxSequenceLength: 4096,
  prefillTokenBudget: 4096,
  visionPatchBudget: 16_384,
  kvBlocks: 0,
  kvBytes: 1024 ** 3,
  loopGuard: true,
};
async function open(overrides = {}) {
  const start = performance.now();
  const engine = await openEngine({
    deviceId: `cuda:${index}`,
    shard: 0,
    target: { kind: 'cuda', index: Number(index) },
    threadCount: 1,
    cudaDoor,
    model,
    graphs,
    limits: { ...limits, ...overrides },
    faults: [],
  });
  console.log(
    `${cudaDoor}: opened and proved in ${Math.round(performance.now() - start)} ms, ${engine.capacity.kvBlocksTotal} blocks`,
  );
  return engine;
}

async function drain(engine, readings, between = () => {}) {
  for (let step = 1; engine.hasWork; step++) {
    for (const event of (await engine.step()).events)
      if (event.type === 'finished') readings.set(event.id, event.reading);
    between(step);
  }
}

function report(name, readings, start) {
  const wrong = samples.filter(({ greedy_ids: ids }, id) => String(readings.get(id)?.tokenIds) !== String(ids));
  const confidence = [...readings.values()].flatMap(({ logprobs }) => logprobs);
  const mean = confidence.reduce((sum, value) => sum + value, 0) / confidence.length;
  const ms = Math.round(performance.now() - start);
  console.log(
    `${name}: ${samples.length - wrong.length}/${samples.length} in ${ms} ms, mean log-probability ${mean.toFixed(5)}`,
  );
  for (const { file, greedy_ids: ids } of wrong) {
    const got = readings.get(samples.findIndex((sample) => sample.file === file))?.tokenIds ?? [];
    console.log(`  ${file}: differs at ${ids.findIndex((id, place) => id !== got[place])} of ${ids.length}`);
  }
}

async function read(name, engine, feed) {
  const readings = new Map();
  const start = performance.now();
  await feed(engine, readings);
  report(name, readings, start);
}

const engine = await open();
for (const round of ['first', 'second']) {
  await read(`alone, ${round} time`, engine, async (target, readings) => {
    for (const crop of crops) {
      target.admit(crop);
      await drain(target, readings);
    }
  });
}
await read('all at once', engine, async (target, readings) => {
  for (const crop of crops) target.admit(crop);
  await drain(target, readings);
});
await read('one joins a step', engine, async (target, readings) => {
  const rest = [...crops].reverse();
  target.admit(rest.shift());
  await drain(target, readings, () => rest.length > 0 && target.admit(rest.shift()));
});
await read('four join a step', engine, async (target, readings) => {
  const rest = [...crops];
  for (const crop of rest.splice(0, 4)) target.admit(crop);
  await drain(target, readings, () => {
    for (const crop of rest.splice(0, 4)) target.admit(crop);
  });
});
await engine.close();
const small = await open({ kvBlocks: 8 });
await read('a pool of 8 blocks', small, async (target, readings) => {
  for (const crop of crops) target.admit(crop);
  await drain(target, readings);
});
await small.close();
