import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CompileProgress, openModel } from '../../dist/models/index.js';
import { compileOnThread } from '../../dist/pool/compile-thread.js';
import { writeRandomSnapshot } from '../support/write-random-snapshot.js';

/** Large enough that writing the graphs takes many turns of the event loop. */
const sizes = {
  vision: { hidden: 288, intermediate: 576, layers: 2, heads: 4, image: 56 },
  text: {
    hidden: 512,
    intermediate: 2048,
    layers: 6,
    heads: 8,
    kvHeads: 2,
    headDim: 64,
    vocab: 20_000,
    mropeSection: [8, 12, 12] as const,
  },
};
const target = { device: 'cpu', precision: 'fp32' } as const;
const never = new AbortController().signal;

let folder: string;
let cacheDir: string;
let modelDir: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quire-compile-thread-'));
  modelDir = join(folder, 'model');
  writeRandomSnapshot(modelDir, { sizes });
});
beforeEach(() => {
  cacheDir = mkdtempSync(join(folder, 'cache-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('compileOnThread', () => {
  it('leaves the event loop free, tells how far it is and finds the result afterwards', async () => {
    const model = await openModel(modelDir);
    let turn = 0;
    const turning = setInterval(() => turn++, 1);
    const progress: (CompileProgress & { turn: number })[] = [];
    const onProgress = (step: CompileProgress) => progress.push({ ...step, turn });
    const first = await compileOnThread(model, target, { cacheDir, onProgress, signal: never });
    clearInterval(turning);
    expect(first.fromCache).toBe(false);
    expect(existsSync(first.graphs.decode)).toBe(true);
    expect(progress.at(-1)?.doneBytes).toBe(progress.at(-1)?.totalBytes);
    // In one thread, timers would come in only between two graphs.
    const graphCount = new Set(progress.map(({ graph }) => graph)).size;
    expect(new Set(progress.map((step) => step.turn)).size).toBeGreaterThan(graphCount);

    progress.length = 0;
    const second = await compileOnThread(model, target, { cacheDir, onProgress, signal: never });
    expect(second).toEqual({ ...first, fromCache: true });
    expect(progress).toEqual([]);
  });

  it('stops when it is told to, and leaves nothing behind', async () => {
    const closing = new AbortController();
    const compiling = compileOnThread(await openModel(modelDir), target, {
      cacheDir,
      onProgress: () => closing.abort(),
      signal: closing.signal,
    });
    await expect(compiling).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(readdirSync(cacheDir)).toEqual([]);
  });

  it('does not start what is not wanted any more', async () => {
    const told: CompileProgress[] = [];
    const signal = AbortSignal.abort();
    const compiling = compileOnThread(await openModel(modelDir), target, {
      cacheDir,
      onProgress: (step) => told.push(step),
      signal,
    });
    await expect(compiling).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(told).toEqual([]);
  });

  it('rejects with the code and words of the compiler', async () => {
    const broken = join(folder, 'broken');
    writeRandomSnapshot(broken, { sizes: { ...sizes, text: { ...sizes.text, vocab: 400, layers: 1 } } });
    const model = await openModel(broken);
    truncateSync(join(broken, 'model.safetensors'), 4096);
    const compiling = compileOnThread(model, target, { cacheDir, signal: never });
    await expect(compiling).rejects.toMatchObject({ code: 'WEIGHTS_INVALID', message: /model\.safetensors/ });
  });
});
