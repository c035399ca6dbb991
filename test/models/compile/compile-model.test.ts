import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CompileProgress, compileModel } from '../../../models/compile/compile-model.js';
import { openModel } from '../../../models/open-model.js';
import { openGreedyReader } from '../../support/greedy-reader.js';
import {
  type SnapshotOptions,
  type SnapshotSizes,
  tinySizes,
  writeRandomSnapshot,
} from '../../support/write-random-snapshot.js';

const sizes: SnapshotSizes = {
  vision: { ...tinySizes.vision, layers: 2 },
  text: { ...tinySizes.text, layers: 2 },
};
const target = { device: 'cpu', precision: 'fp32' } as const;

let folder: string;
let cache: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quire-compile-'));
  cache = join(folder, 'cache');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function snapshot(options: SnapshotOptions = {}, name = 'model'): string {
  const dir = join(folder, name);
  writeRandomSnapshot(dir, { sizes, ...options });
  return dir;
}

async function readWith(dir: string): Promise<number[]> {
  const model = await openModel(dir);
  const reader = await openGreedyReader(model, await compileModel(model, target, cache), 1);
  const patches = Uint8Array.from({ length: 16 * 588 }, (_, index) => (index * 37) % 256);
  const crop = { patches: { gridHeight: 4, gridWidth: 4, patches }, promptIds: [4, 7, 7, 7, 7, 8, 9] };
  const [{ tokenIds }] = await reader.read([crop], { maxTokens: 8 });
  await reader.close();
  return tokenIds;
}

describe('compileModel', () => {
  it('finds what it compiled before', async () => {
    const model = await openModel(snapshot());
    const progress: CompileProgress[] = [];
    const first = await compileModel(model, target, cache, (step) => progress.push(step));
    expect(first.fromCache).toBe(false);
    expect(progress.at(-1)?.doneBytes).toBe(progress.at(-1)?.totalBytes);
    const second = await compileModel(await openModel(model.dir), target, cache, () => {
      throw new Error('nothing is written again');
    });
    expect(second).toEqual({ ...first, fromCache: true });
    expect(readdirSync(cache)).toEqual([first.key]);
  });

  it('compiles again when a weight or the config changed', async () => {
    const dir = snapshot();
    const keys = [(await compileModel(await openModel(dir), target, cache)).key];
    const path = join(dir, 'model.safetensors');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(path, bytes);
    keys.push((await compileModel(await openModel(dir), target, cache)).key);
    const config = JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8'));
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ ...config, rms_norm_eps: 1e-6 }));
    keys.push((await compileModel(await openModel(dir), target, cache)).key);
    expect(new Set(keys).size).toBe(3);
  });

  it('keeps one result when two compile at once', async () => {
    const model = await openModel(snapshot());
    const results = await Promise.all([compileModel(model, target, cache), compileModel(model, target, cache)]);
    expect(results[0].dir).toBe(results[1].dir);
    expect(readdirSync(cache)).toEqual([results[0].key]);
  });

  it('mends a damaged cache and sweeps what dead processes left', async () => {
    const model = await openModel(snapshot());
    const { dir, graphs } = await compileModel(model, target, cache);
    appendFileSync(graphs.prefill, 'x');
    const leftover = join(cache, 'compiling-dead');
    const fresh = join(cache, 'compiling-alive');
    for (const path of [leftover, fresh]) mkdirSync(path);
    utimesSync(leftover, new Date(0), new Date(0));
    const again = await compileModel(model, target, cache);
    expect(again).toMatchObject({ dir, fromCache: false });
    expect((await compileModel(model, target, cache)).fromCache).toBe(true);
    expect(readdirSync(cache).sort()).toEqual([again.key, 'compiling-alive'].sort());
  });

  it('forgets graphs that nobody wanted for a month', async () => {
    const old = await compileModel(await openModel(snapshot()), target, cache);
    utimesSync(join(old.dir, 'compiled.json'), new Date(0), new Date(0));
    await compileModel(await openModel(join(folder, 'model')), target, cache);
    const other = await compileModel(await openModel(snapshot({ seed: 2 }, 'other')), target, cache);
    expect(readdirSync(cache).sort()).toEqual([old.key, other.key].sort());
    utimesSync(join(old.dir, 'compiled.json'), new Date(0), new Date(0));
    const third = await compileModel(await openModel(snapshot({ seed: 3 }, 'third')), target, cache);
    expect(readdirSync(cache).sort()).toEqual([other.key, third.key].sort());
  });

  it('reads the same from every layout of a checkpoint', async () => {
    const expected = await readWith(snapshot());
    expect(expected).toHaveLength(8);
    expect(await readWith(snapshot({ names: 'transformers5' }, 'newer'))).toEqual(expected);
    expect(await readWith(snapshot({ fileCount: 3 }, 'split'))).toEqual(expected);
    expect(await readWith(snapshot({ seed: 5 }, 'other'))).not.toEqual(expected);
  });

  it('uses a head of its own even where the config calls it tied, and the embedding where there is none', async () => {
    const untied = snapshot();
    const misleading = join(folder, 'misleading');
    cpSync(untied, misleading, { recursive: true });
    const config = JSON.parse(readFileSync(join(misleading, 'config.json'), 'utf8'));
    writeFileSync(join(misleading, 'config.json'), JSON.stringify({ ...config, tie_word_embeddings: true }));
    expect(await readWith(misleading)).toEqual(await readWith(untied));
    const tied = snapshot({ tied: true }, 'tied');
    expect(await readWith(tied)).not.toEqual(await readWith(untied));
    writeFileSync(join(tied, 'config.json'), JSON.stringify({ ...config, tie_word_embeddings: false }));
    await expect(readWith(tied)).rejects.toMatchObject({
      code: 'WEIGHTS_INVALID',
      message: /lm_head\.weight is missing/,
    });
  });

  it('names a tensor that does not fit the config and leaves nothing behind', async () => {
    const dir = snapshot();
    const config = JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8'));
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ ...config, num_hidden_layers: 3 }));
    await expect(compileModel(await openModel(dir), target, cache)).rejects.toMatchObject({
      code: 'WEIGHTS_INVALID',
      message: /tensor model\.layers\.2\.\S+ is missing/,
    });
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ ...config, intermediate_size: 41 }));
    await expect(compileModel(await openModel(dir), target, cache)).rejects.toMatchObject({
      code: 'WEIGHTS_INVALID',
      message: /tensor model\.layers\.0\.mlp\.gate_proj\.weight has shape \[40, 32\] where \[41, 32\] is needed/,
    });
    expect(readdirSync(cache)).toEqual([]);
  });

  it('says so when the cache cannot be written', async () => {
    writeFileSync(cache, 'a file');
    await expect(compileModel(await openModel(snapshot()), target, cache)).rejects.toMatchObject({
      code: 'COMPILE_FAILED',
    });
  });
});
