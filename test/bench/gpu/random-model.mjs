// Writes a model folder with random weights and the embedded bundle's layout detector.
// usage, after `bash test/bench/gpu/on-device.sh build`:  node test/bench/gpu/random-model.mjs DIR [0.9b|small]
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { publishedSizes, writeRandomSnapshot } from '../../../dist/bench/write-random-snapshot.js';
import { root } from '../http/kit.mjs';

/** Small enough for a CPU; the shape of every tensor follows from it as in the published model. */
const smallSizes = {
  vision: { ...publishedSizes.vision, hidden: 96, intermediate: 192, layers: 2, heads: 2 },
  text: { ...publishedSizes.text, hidden: 128, intermediate: 256, layers: 2, heads: 2, kvHeads: 1, vocab: 8704 },
};

const [dir, size = '0.9b'] = process.argv.slice(2);
if (size !== '0.9b' && size !== 'small') throw new RangeError('the size is 0.9b or small');
if (existsSync(join(dir, 'layout/model.safetensors'))) console.log(`${dir} is there`);
else {
  const startedAt = performance.now();
  writeRandomSnapshot(dir, { sizes: size === 'small' ? smallSizes : publishedSizes });
  cpSync(join(root, 'models/pocket/layout'), join(dir, 'layout'), { recursive: true });
  console.log(`${dir} written in ${Math.round(performance.now() - startedAt)} ms`);
}
