// Milliseconds of each step between the bytes of a page and the patches of its crops, in one thread, by plain calls.
//   npm run build && node test/bench/page-stages.mjs [--runs 15] [--pages FOLDER] [--only PATTERN] [--beside CHECKOUT]
//
// pages: a folder of `pages/render-pages.mjs`, whose pages are measured after the drawn one. beside: another built
// checkout whose steps take turns with these on the same page; both must give the same input, plan and patches.
// Nothing is detected: the plan is made of the ink alone. The detector itself is not run. A build whose planPage takes
// no ink looks for it again under `plan`.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { drawPage24 } from './gpu/pictures.mjs';
import { percentile, readParameters, report, root } from './http/kit.mjs';

const parameters = readParameters({ runs: 15, warm: 6, pages: '', only: '', beside: '' });
const { runs, warm } = parameters;
const limits = { maxImagePixels: 178_956_970, maxPages: 1000, pdfDpi: 144 };
const imageProcessor = { patchSize: 14, mergeSize: 2, minPixels: 112_896, maxPixels: 1_003_520 };
const enlarged = { minPixels: 800_000 };
sharp.concurrency(1);
sharp.cache(false);

const builds = [{ name: 'this', ...(await load(root)) }];
if (parameters.beside) builds.unshift({ name: 'beside', ...(await load(resolve(parameters.beside))) });
const rows = [];
const chosen = new RegExp(parameters.only);
for (const page of await collectPages()) if (chosen.test(page.name)) rows.push(...(await measure(page)));
report('page-stages', { parameters, tables: { 'Median (least), ms, one thread': rows } });

async function load(folder) {
  const from = (file) => import(pathToFileURL(join(folder, 'dist', file)));
  return {
    ...(await from('models/index.js')),
    ...(await from('pool/prepare/decode-image.js')),
    ...(await from('pool/prepare/prepare-page.js')),
  };
}

/** The drawn page and the rendered ones, each as JPEG in colour and in grey. */
async function collectPages() {
  const files = [{ name: 'page24', bytes: await drawPage24() }];
  if (parameters.pages) {
    for (const { name, file } of JSON.parse(readFileSync(join(parameters.pages, 'pages.json'), 'utf8'))) {
      files.push({ name, bytes: readFileSync(file) });
    }
  }
  const forms = files.map(async ({ name, bytes }) => {
    const jpeg = (space) => sharp(bytes).toColourspace(space).jpeg({ quality: 90 }).toBuffer();
    return [
      { name: `${name}, sRGB`, bytes: await jpeg('srgb') },
      { name: `${name}, grey`, bytes: await jpeg('b-w') },
    ];
  });
  return (await Promise.all(forms)).flat();
}

async function measure({ name, bytes }) {
  const samples = builds.map(() => new Map());
  const results = builds.map(() => '');
  for (let run = -warm; run < runs; run++) {
    for (const [index, build] of builds.entries()) {
      let from = performance.now();
      const ended = (stage) => {
        const ms = performance.now() - from;
        if (run >= 0) samples[index].set(stage, [...(samples[index].get(stage) ?? []), ms]);
        from = performance.now();
      };
      const found = await prepare(build, bytes, ended);
      if (run === -warm) results[index] = digest(found);
    }
  }
  if (new Set(results).size > 1) throw new Error(`${name}: the two builds give different results`);
  return builds.map((build, index) => ({
    page: name,
    build: build.name,
    ...Object.fromEntries(
      [...samples[index]].map(([stage, values]) => [
        stage,
        `${percentile(values, 0.5).toFixed(1)} (${Math.min(...values).toFixed(1)})`,
      ]),
    ),
  }));
}

async function prepare(build, bytes, ended) {
  const recipe = build.defaultRecipe;
  const decoded = await build.decodeImage(bytes, 'jpeg', 0, limits);
  ended('decode');
  const data = new Uint8Array(new SharedArrayBuffer(decoded.data.length));
  data.set(decoded.data);
  const image = { ...decoded, data };
  ended('share');
  const input = build.detectorInput(image, { width: 800, height: 800 });
  ended('detector input');
  const ink = build.readInk(image);
  ended('ink');
  const options = { recipe, hints: build.defaultPageHints, limits: { cellSide: 28, ...imageProcessor } };
  const plan = build.planPage(image, [], options, ink);
  ended('plan');
  const crops = plan.blocks.flatMap((block) => block.crops);
  const cut = (pixels) => crops.map((crop) => build.cropPatches(image, plan.slope, crop, pixels, { imageProcessor }));
  const printed = cut({});
  ended('crops as printed');
  const large = cut(enlarged);
  ended('crops enlarged');
  return { input, plan, patches: [...printed, ...large].map(({ patches }) => patches) };
}

function digest({ input, plan, patches }) {
  const hash = createHash('sha256').update(input).update(JSON.stringify(plan));
  for (const bytes of patches) hash.update(bytes);
  return hash.digest('hex');
}
