import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ExternalDataFile } from '../../../models/compile/external-data.js';
import { float, GraphBuilder, inlineTensor, type WeightSource } from '../../../models/compile/graph-builder.js';
import { writeModel } from '../../../models/compile/onnx-writer.js';
import { openSession } from '../../../pool/engine/session.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quire-writer-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const floats = (values: Float32Array): WeightSource => ({
  type: 'float32',
  *chunks() {
    const bytes = new Uint8Array(values.buffer);
    yield bytes.subarray(0, 100);
    yield bytes.subarray(100);
  },
});

const cpu = { device: { kind: 'cpu' }, threadCount: 1 } as const;

it('writes a graph with constants, attributes, external and inline weights that the runtime computes', async () => {
  const weights = Float32Array.from({ length: 40 * 16 }, (_, index) => ((index * 7) % 13) - 6);
  const bias = Float32Array.from({ length: 16 }, (_, index) => index / 4);
  const graph = new GraphBuilder('affine');
  const x = graph.input('x', 'float32', ['rows', 40]);
  const product = graph.op('Gemm', [
    x,
    graph.weight('w', [40, 16], floats(weights)),
    graph.weight('b', [16], floats(bias)),
  ]);
  const leaky = graph.op('LeakyRelu', [product], { attributes: { alpha: float(0.5) } });
  const [left, right] = graph.op('Split', [leaky, graph.constant([4, 12])], { outputs: 2, attributes: { axis: 1 } });
  graph.output(left, 'float32', ['rows', 4], 'left');
  graph.output(right, 'float32', ['rows', 12], 'right');
  const data = new ExternalDataFile(join(folder, 'affine.data'));
  writeModel(join(folder, 'affine.onnx'), graph, data);
  data.close();

  const session = await openSession(join(folder, 'affine.onnx'), cpu);
  const input = Float32Array.from({ length: 80 }, (_, index) => (index % 5) - 2);
  const { left: l, right: r } = await session.run({ x: { type: 'float32', dims: [2, 40], data: input } });
  const expected = (row: number, column: number) => {
    let sum = bias[column];
    for (let k = 0; k < 40; k++) sum += input[row * 40 + k] * weights[k * 16 + column];
    return sum < 0 ? sum / 2 : sum;
  };
  expect([...(l.data as Float32Array)]).toEqual([0, 1].flatMap((row) => [0, 1, 2, 3].map((c) => expected(row, c))));
  expect((r.data as Float32Array)[3]).toBe(expected(0, 7));
  expect(r.dims).toEqual([2, 12]);
  await session.close();
});

it('runs a Loop whose body captures values and weights of the outer graph', async () => {
  const graph = new GraphBuilder('loop');
  const steps = graph.input('steps', 'int64', []);
  const start = graph.input('start', 'float32', [300]);
  const weight = floats(new Float32Array(300).fill(2));
  const body = graph.subgraph('step');
  body.input('i', 'int64', []);
  const going = body.input('going', 'bool', []);
  const value = body.input('value', 'float32', [300]);
  const next = body.op('Mul', [value, body.weight('two', [300], weight)]);
  body.output(body.op('Identity', [going]), 'bool', []);
  body.output(next, 'float32', [300]);
  const [last] = graph.op('Loop', [steps, graph.constant(1, 'bool'), start], {
    outputs: 1,
    attributes: { body },
  });
  graph.output(last, 'float32', [300], 'last');
  const data = new ExternalDataFile(join(folder, 'loop.data'));
  writeModel(join(folder, 'loop.onnx'), graph, data);
  data.close();
  expect(graph.weights).toHaveLength(1);

  const session = await openSession(join(folder, 'loop.onnx'), cpu);
  const { last: result } = await session.run({
    steps: { type: 'int64', dims: [], data: BigInt64Array.of(5n) },
    start: { type: 'float32', dims: [300], data: new Float32Array(300).fill(3) },
  });
  expect(new Set(result.data as Float32Array)).toEqual(new Set([96]));
  await session.close();
});

it('stores a weight once for all graphs that use it, aligned to pages when it is large', () => {
  const large = floats(new Float32Array(32 * 1024).fill(1));
  const medium = floats(new Float32Array(1000).fill(3));
  const data = new ExternalDataFile(join(folder, 'shared.data'));
  expect(data.add(medium, 4000)).toEqual({ location: 'shared.data', offset: 0, byteLength: 4000 });
  expect(data.add(large, 128 * 1024).offset).toBe(4096);
  expect(data.add(large, 128 * 1024).offset).toBe(4096);
  data.close();
  expect(statSync(join(folder, 'shared.data')).size).toBe(4096 + 128 * 1024);
  expect(readFileSync(join(folder, 'shared.data')).readFloatLE(4096)).toBe(1);
});

it('refuses a weight whose bytes do not fill its shape, a name used twice and a fraction as an integer', () => {
  const data = new ExternalDataFile(join(folder, 'wrong.data'));
  const source = floats(new Float32Array(500));
  const wrong = new GraphBuilder('wrong');
  wrong.weight('w', [501], source);
  expect(() => writeModel(join(folder, 'wrong.onnx'), wrong, data)).toThrow(/2000 bytes of 2004/);
  expect(() => wrong.weight('w', [500], floats(new Float32Array(500)))).toThrow(/two weights are named w/);
  const fraction = new GraphBuilder('fraction');
  fraction.op('Gemm', ['a', 'b'], { attributes: { alpha: 0.5 } });
  expect(() => writeModel(join(folder, 'fraction.onnx'), fraction, data)).toThrow(/float\(\)/);
  expect(() => inlineTensor([1, 2, 3], 'int64', [2])).toThrow(/do not fill/);
  data.close();
});
