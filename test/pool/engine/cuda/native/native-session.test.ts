import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ExternalDataFile } from '../../../../../models/compile/external-data.js';
import { readFreeWeights } from '../../../../../models/compile/free-weights.js';
import { GraphBuilder } from '../../../../../models/compile/graph-builder.js';
import { writeModel } from '../../../../../models/compile/onnx-writer.js';
import { float32Source } from '../../../../../models/compile/weight-sources.js';
import { bindInputs } from '../../../../../pool/engine/cuda/native/bind-inputs.js';
import { InputBlock } from '../../../../../pool/engine/cuda/native/input-block.js';
import { loadWeights } from '../../../../../pool/engine/cuda/native/load-weights.js';
import { NativeRuntime } from '../../../../../pool/engine/cuda/native/native-session.js';
import { openOrtLibrary } from '../../../../../pool/engine/cuda/native/ort-library.js';
import { RecordedStep } from '../../../../../pool/engine/cuda/native/recorded-step.js';
import { stepShape } from '../../../../../pool/engine/cuda/native/step-shape.js';
import { openHostMemory } from '../../../../support/host-memory.js';

const options = { cuda: null, threadCount: 1 };
const ort = openOrtLibrary();
let folder: string;
let runtime: NativeRuntime;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quire-native-'));
  runtime = new NativeRuntime(ort);
});
afterAll(() => {
  runtime.close();
  rmSync(folder, { recursive: true, force: true });
});

/** y = x · Wᵀ for a matrix [size, size] that turns rows by one place and doubles them. */
function writeTurning(path: string, data: ExternalDataFile, size: number): void {
  const graph = new GraphBuilder('turning');
  const x = graph.input('x', 'float32', ['n', size]);
  const matrix = () => {
    const values = new Float32Array(size * size);
    for (let row = 0; row < size; row++) values[row * size + ((row + 1) % size)] = 2;
    return values;
  };
  const w = graph.weight('w', [size, size], float32Source(matrix));
  graph.output(graph.op('Gemm', [x, w], { attributes: { transB: 1 } }), 'float32', ['n', size], 'y');
  writeModel(path, graph, data, true);
}

it('feeds a session weights that lie outside it, and inputs of changing sizes', () => {
  const size = 32;
  const data = new ExternalDataFile(join(folder, 'turning.data'));
  const path = join(folder, 'turning.onnx');
  writeTurning(path, data, size);
  data.close();
  const free = readFreeWeights(path);
  expect(free).toMatchObject([{ name: 'w', type: 'float32', dims: [size, size], byteLength: size * size * 4 }]);

  const memory = openHostMemory(ort);
  const weights = loadWeights(runtime, memory, [...free, ...free]);
  expect(memory.allocationCount).toBe(1);
  const session = runtime.openSession(path, options);
  const binding = session.bind();
  weights.bind(binding, ['w']);
  const block = new InputBlock(memory);
  for (const count of [1, 5, 2]) {
    const x = Float32Array.from({ length: count * size }, (_, place) => place + 1);
    bindInputs(binding, { x: { type: 'float32', dims: [count, size], data: x } }, { runtime, memory, block });
    const bytes = count * size * 4;
    const pointer = memory.allocate(bytes);
    const value = runtime.tensorAt(memory.info, pointer, 'float32', [count, size], bytes);
    binding.output('y', value);
    runtime.releaseValue(value);
    binding.run();
    const y = new Float32Array(count * size);
    memory.read(pointer, y);
    memory.free(pointer);
    const expected = x.map((_, place) => 2 * x[Math.floor(place / size) * size + (((place % size) + 1) % size)]);
    expect(y).toEqual(expected);
  }
  session.close(memory);
  block.free();
  weights.free();
  expect(memory.allocationCount).toBe(0);
  memory.close();
});

it('tells what the runtime says when something is wrong', () => {
  expect(() => runtime.openSession(join(folder, 'none.onnx'), options)).toThrow(/none\.onnx/);
  const memory = openHostMemory(ort);
  const session = runtime.openSession(join(folder, 'turning.onnx'), options);
  const binding = session.bind();
  expect(() => binding.run()).toThrow();
  const bounds = { type: 'int32', dims: [1], data: Int32Array.of(1) } as const;
  expect(() => binding.input('nothing', runtime.hostTensor(bounds))).toThrow(/nothing/);
  session.close(memory);
  memory.close();
});

it('runs a step of fewer rows than its shape, again and again in the same memory', () => {
  const path = join(folder, 'step.onnx');
  const data = new ExternalDataFile(join(folder, 'step.data'));
  const graph = new GraphBuilder('step');
  const ids = graph.input('input_ids', 'int64', ['n']);
  const starts = graph.input('sequence_starts', 'int32', ['B1']);
  const past = graph.input('past_lengths', 'int32', ['B']);
  const table = graph.input('block_table', 'int32', ['B', 'K']);
  const bounds = graph.input('attention_bounds', 'int32', [3]);
  // token = id + past + last block + first start, logprob = -(most tokens)
  const long = (value: string) => graph.op('Cast', [value], { attributes: { to: 7 } });
  const blocks = graph.op('ReduceMax', [long(table), graph.constant([1])], { attributes: { keepdims: 0 } });
  const first = graph.op('Slice', [long(starts), graph.constant([0]), graph.constant([1])]);
  const sum = graph.op('Add', [graph.op('Add', [graph.op('Add', [ids, long(past)]), blocks]), first]);
  graph.output(sum, 'int64', ['B'], 'token');
  const most = graph.op('Cast', [graph.op('Slice', [bounds, graph.constant([1]), graph.constant([2])])], {
    attributes: { to: 1 },
  });
  const zeros = graph.op('Mul', [graph.op('Cast', [ids], { attributes: { to: 1 } }), graph.constant(0, 'float32')]);
  graph.output(graph.op('Sub', [zeros, most]), 'float32', ['B'], 'logprob');
  writeModel(path, graph, data);
  data.close(true);

  const memory = openHostMemory(ort);
  const session = runtime.openSession(path, options);
  const row = (id: number, pastLength: number, blockIds: number[]) => ({
    ids: [id],
    pastLength,
    blockIds,
    grids: [],
    embedStarts: [],
  });
  const rows = [row(10, 3, [1]), row(20, 600, [2, 4, 9]), row(30, 255, [7])];
  const shape = stepShape(rows, 256, 8);
  expect(shape).toEqual({ kind: 'step', rowCount: 1, batch: 4, width: 4, mostTokens: 1024, leastTokens: 513 });
  const step = new RecordedStep(runtime, memory, session.bind(), shape);
  expect(step.run(rows)).toEqual({ tokens: [14, 629, 292], logprobs: [-1024, -1024, -1024] });
  expect(step.run(rows.slice(1, 2))).toEqual({ tokens: [629], logprobs: [-1024] });
  session.close(memory);
  step.free();
  memory.close();
});
