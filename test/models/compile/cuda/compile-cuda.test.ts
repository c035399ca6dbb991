import { mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileModel } from '../../../../models/compile/compile-model.js';
import { embedKvPool, pagedBlockBytes } from '../../../../models/compile/cuda/kv-pool.js';
import { readFreeWeights } from '../../../../models/compile/free-weights.js';
import { modelProto } from '../../../../models/compile/onnx-schema.js';
import { openModel } from '../../../../models/open-model.js';
import { type SnapshotSizes, tinySizes, writeRandomSnapshot } from '../../../support/write-random-snapshot.js';

const sizes: SnapshotSizes = {
  vision: { ...tinySizes.vision, layers: 2 },
  text: { ...tinySizes.text, layers: 2 },
};
const target = { device: 'cuda', precision: 'fp16' } as const;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quire-cuda-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function compile(own: SnapshotSizes = sizes) {
  const dir = join(folder, 'model');
  writeRandomSnapshot(dir, { sizes: own });
  const model = await openModel(dir);
  return { model, compiled: await compileModel(model, target, join(folder, 'cache')) };
}

interface PlainGraph {
  readonly input: readonly { readonly name: string }[];
  readonly initializer: readonly {
    readonly name: string;
    readonly dims: readonly unknown[];
    readonly externalData: readonly { readonly key: string; readonly value: string }[];
  }[];
  readonly node: readonly { readonly opType: string }[];
}
const graphOf = (path: string) => (modelProto.decode(readFileSync(path)) as unknown as { graph: PlainGraph }).graph;

it('writes one graph that prefills and decodes, with half the bytes of float32', async () => {
  const { compiled } = await compile();
  expect(compiled.graphs.prefill).toBe(compiled.graphs.decode);
  const inputs = graphOf(compiled.graphs.decode).input.map(({ name }) => name);
  expect(inputs).toEqual(expect.arrayContaining(['is_step', 'block_table', 'key_cache.0', 'value_cache.1']));
  const float = await compileModel(
    await openModel(join(folder, 'model')),
    { device: 'cpu', precision: 'fp32' },
    join(folder, 'cache'),
  );
  const size = (path: string) => statSync(join(dirname(path), 'vision.data')).size;
  expect(size(compiled.graphs.vision) / size(float.graphs.vision)).toBeLessThan(0.6);
});

it('writes the halves of the decoder with free weights, each weight once', async () => {
  const { compiled } = await compile();
  const paths = [compiled.graphs.prompt, compiled.graphs.step, compiled.graphs.wideStep] as string[];
  const [prompt, step, wide] = paths.map(readFreeWeights);
  const inputsOf = (path: string) => graphOf(path).input.map(({ name }) => name);
  expect(inputsOf(paths[0])).toEqual(expect.arrayContaining(['image_embeds', 'last_index', prompt[0].name]));
  expect(inputsOf(paths[1])).toEqual(expect.arrayContaining(['block_table', 'key_cache.1', step[0].name]));
  expect(inputsOf(paths[1])).not.toContain('image_embeds');
  expect(inputsOf(paths[2])).toEqual(expect.arrayContaining(['slot_mapping', 'position_ids', wide[0].name]));
  const size = statSync(prompt[0].location).size;
  const places = new Map<string, number>();
  for (const { name, location, offset, byteLength, dims } of [...prompt, ...step, ...wide]) {
    expect(dims.reduce((product, length) => product * length, 2)).toBe(byteLength);
    expect(offset + byteLength).toBeLessThanOrEqual(size);
    expect(places.get(name) ?? offset).toBe(offset);
    expect(location).toBe(prompt[0].location);
    places.set(name, offset);
  }
  expect(new Set(places.values()).size).toBe(places.size);
  // The graph for the addon has the same weights, by the same names, inside.
  const whole = new Set(graphOf(compiled.graphs.decode).initializer.map(({ name }) => name));
  expect(prompt.filter(({ name }) => !whole.has(name))).toEqual([]);
  expect(() => readFreeWeights(compiled.graphs.decode)).toThrow(/free weights/);
});

it('puts a sparse pool into a copy of the graph, every tensor different, and finds it again', async () => {
  const { model, compiled } = await compile();
  const path = embedKvPool(compiled.graphs.decode, model.reader.text, 5000);
  const graph = graphOf(path);
  const pool = graph.initializer.filter(({ name }) => /^(key|value)_cache/.test(name));
  expect(pool).toHaveLength(4);
  expect(pool[0].dims.map(Number)).toEqual([5000, 256, 2, 16]);
  expect(graph.input.some(({ name }) => /_cache/.test(name))).toBe(false);
  const file = join(dirname(path), 'pool-5000.data');
  expect(statSync(file).size).toBe(5000 * pagedBlockBytes(model.reader.text));
  expect(statSync(file).blocks * 512).toBeLessThan(1024 * 1024);
  const handle = openSync(file, 'r');
  const firsts = pool.map(({ externalData }) => {
    const value = new Uint8Array(2);
    readSync(handle, value, 0, 2, Number(externalData.find(({ key }) => key === 'offset')?.value));
    return value.join();
  });
  expect(new Set(firsts).size).toBe(4);
  expect(firsts).not.toContain('0,0');
  expect(embedKvPool(compiled.graphs.decode, model.reader.text, 5000)).toBe(path);
  expect((await compileModel(model, target, join(folder, 'cache'))).fromCache).toBe(true);
});

describe('values beyond the range of fp16', () => {
  /** Puts bfloat16 bits at a place of a tensor and compiles. */
  async function compileWith(changes: readonly [name: string, place: number, bits: number][]) {
    const dir = join(folder, 'model');
    writeRandomSnapshot(dir, { sizes });
    const path = join(dir, 'model.safetensors');
    const bytes = readFileSync(path);
    const headerBytes = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.subarray(8, 8 + headerBytes).toString());
    for (const [name, place, bits] of changes) {
      bytes.writeUInt16LE(bits, 8 + headerBytes + header[name].data_offsets[0] + place * 2);
    }
    writeFileSync(path, bytes);
    return compileModel(await openModel(dir), target, join(folder, 'cache'));
  }
  const [seventyThousand, thousand] = [0x4789, 0x447a];

  it('are named by their tensor', async () => {
    const name = 'model.layers.1.mlp.up_proj.weight';
    await expect(compileWith([[name, 3, seventyThousand]])).rejects.toMatchObject({
      code: 'WEIGHTS_INVALID',
      message: expect.stringContaining(`value 3 of tensor ${name} is beyond the range of fp16`),
    });
  });

  it('are named where biases are carried through a projection', async () => {
    const attention = 'visual.vision_model.encoder.layers.0.self_attn.';
    const changes: [string, number, number][] = [
      [`${attention}v_proj.bias`, 5, thousand],
      [`${attention}out_proj.weight`, 2 * sizes.vision.hidden + 5, thousand],
    ];
    await expect(compileWith(changes)).rejects.toMatchObject({
      code: 'WEIGHTS_INVALID',
      message: expect.stringContaining(`value 2 of ${attention}out_proj.bias, with the bias of the values`),
    });
  });
});

it('refuses sizes no attention kernel takes, and arithmetic it has no graphs for', async () => {
  const odd = { ...sizes, text: { ...sizes.text, headDim: 12, mropeSection: [2, 2, 2] as const } };
  await expect(compile(odd)).rejects.toMatchObject({ code: 'COMPILE_FAILED', message: expect.stringContaining('12') });
  const model = await openModel(join(folder, 'model'));
  await expect(compileModel(model, { device: 'cuda', precision: 'fp32' }, folder)).rejects.toMatchObject({
    code: 'COMPILE_FAILED',
  });
});
