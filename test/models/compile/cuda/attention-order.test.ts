import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AttentionLinears, pairedLinears, wideLinears } from '../../../../models/compile/cuda/attention-order.js';
import { headsAtOnce } from '../../../../models/compile/cuda/reordered-weights.js';
import { ExternalDataFile } from '../../../../models/compile/external-data.js';
import { GraphBuilder, microsoft } from '../../../../models/compile/graph-builder.js';
import { createFloatLinear } from '../../../../models/compile/linear.js';
import { writeModel } from '../../../../models/compile/onnx-writer.js';
import { ReaderWeights } from '../../../../models/compile/reader-weights.js';
import { openWeights } from '../../../../models/compile/weights-files.js';
import { openModel } from '../../../../models/open-model.js';
import { openSession } from '../../../../pool/engine/session.js';
import { tinySizes, writeRandomSnapshot } from '../../../support/write-random-snapshot.js';

const sizes = { ...tinySizes, text: { ...tinySizes.text, heads: 6 } };
const { hidden, heads, kvHeads, headDim } = sizes.text;
const groupSize = heads / kvHeads;
const rowWidth = kvHeads * headDim;
const count = 3;
const cpu = { device: { kind: 'cpu' }, threadCount: 1 } as const;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quire-order-'));
  writeRandomSnapshot(join(folder, 'model'), { sizes });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Turned queries and keys, values, and `outputs` through the way back, with weights in an order. */
async function project(order: 'stored' | 'paired' | 'wide', outputs: Float32Array) {
  const model = await openModel(join(folder, 'model'));
  const reader = openWeights(model.dir);
  const weights = new ReaderWeights(reader);
  const config = model.reader.text;
  const plain = createFloatLinear(weights);
  const linears: Record<typeof order, AttentionLinears> = {
    stored: { fusedLinear: plain },
    paired: pairedLinears(weights, config),
    wide: wideLinears(weights, config),
  };
  const { fusedLinear, outputLinear = plain } = linears[order];
  const graph = new GraphBuilder(order);
  const x = graph.input('x', 'float32', ['n', hidden]);
  const back = graph.input('back', 'float32', ['n', outputs.length / count]);
  const positions = graph.input('positions', 'int64', [1, 'n']);
  const tables = ['cos', 'sin'].map((name) => graph.input(name, 'float32', ['m', headDim / 2]));
  const name = (part: string) => weights.name('text', `layers.0.self_attn.${part}_proj.weight`);
  const keyWidth = kvHeads * headDim;
  const layer = { names: ['q', 'k', 'v'].map(name), outputSizes: [heads * headDim, keyWidth, keyWidth] };
  const fused = fusedLinear(graph, x, { ...layer, inputSize: hidden });
  const widths = graph.constant([heads * headDim + keyWidth, keyWidth]);
  const [turning, v] = graph.op('Split', [fused, widths], { outputs: 2, attributes: { axis: -1 } });
  const atOnce = order === 'paired' ? headsAtOnce(heads + kvHeads, headDim) : 1;
  const [cos, sin] = tables.map((table) =>
    graph.op('Concat', new Array(atOnce).fill(table), { attributes: { axis: 1 } }),
  );
  const turned = graph.op(
    'RotaryEmbedding',
    [graph.op('Unsqueeze', [turning, graph.constant([0])]), positions, cos, sin],
    {
      domain: microsoft,
      attributes: { num_heads: (heads + kvHeads) / atOnce, interleaved: Number(order !== 'stored') },
    },
  );
  graph.output(graph.op('Squeeze', [turned, graph.constant([0])]), 'float32', ['n', null], 'turned');
  graph.output(v, 'float32', ['n', keyWidth], 'values');
  const returned = outputLinear(graph, back, {
    names: [name('o')],
    outputSizes: [hidden],
    inputSize: heads * headDim,
  });
  graph.output(returned, 'float32', ['n', hidden], 'returned');
  const path = join(folder, `${order}.onnx`);
  const data = new ExternalDataFile(join(folder, `${order}.data`));
  writeModel(path, graph, data);
  data.close(true);
  reader.close();

  const angle = (place: number) =>
    Math.floor(place / (headDim / 2)) * 10_000 ** (-(place % (headDim / 2)) / (headDim / 2));
  const table = (value: (angle: number) => number) => ({
    type: 'float32' as const,
    dims: [8, headDim / 2],
    data: Float32Array.from({ length: 4 * headDim }, (_, place) => value(angle(place))),
  });
  const session = await openSession(path, cpu);
  const result = await session.run({
    x: {
      type: 'float32',
      dims: [count, hidden],
      data: Float32Array.from({ length: count * hidden }, (_, at) => Math.sin(at)),
    },
    back: { type: 'float32', dims: [count, outputs.length / count], data: outputs },
    positions: { type: 'int64', dims: [1, count], data: BigInt64Array.of(1n, 4n, 6n) },
    cos: table(Math.cos),
    sin: table(Math.sin),
  });
  await session.close();
  const values = (output: string) => result[output].data as Float32Array;
  return { turned: values('turned'), values: values('values'), returned: values('returned') };
}

/** Product of each query head with its key head of another token. */
function scores(turned: Float32Array, queryAt: (head: number) => number): number[] {
  const width = (heads + kvHeads) * headDim;
  const list: number[] = [];
  for (let head = 0; head < heads; head++) {
    for (const [query, key] of [
      [0, 0],
      [1, 0],
      [2, 1],
    ]) {
      const q = query * width + queryAt(head);
      const k = key * width + heads * headDim + Math.floor(head / groupSize) * headDim;
      let sum = 0;
      for (let at = 0; at < headDim; at++) sum += turned[q + at] * turned[k + at];
      list.push(sum);
    }
  }
  return list;
}

it('gives the scores, values and outputs of the stored order in paired and in wide order', async () => {
  const attended = Float32Array.from({ length: count * heads * headDim }, (_, at) => Math.cos(at));
  const stored = await project('stored', attended);
  const paired = await project('paired', attended);
  // Row i has the i-th query head of every key head; the last row is nobody's, whatever it holds.
  const wideAt = (head: number) => (head % groupSize) * rowWidth + Math.floor(head / groupSize) * headDim;
  const wideAttended = new Float32Array(count * (groupSize + 1) * rowWidth).fill(7);
  for (let token = 0; token < count; token++) {
    for (let head = 0; head < heads; head++) {
      const from = (token * heads + head) * headDim;
      wideAttended.set(attended.subarray(from, from + headDim), token * (groupSize + 1) * rowWidth + wideAt(head));
    }
  }
  const wide = await project('wide', wideAttended);

  const expected = scores(stored.turned, (head) => head * headDim);
  expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0);
  const close = (got: ArrayLike<number>, want: ArrayLike<number>) =>
    Array.from(want, (value, at) => expect(got[at]).toBeCloseTo(value, 4));
  close(
    scores(paired.turned, (head) => head * headDim),
    expected,
  );
  close(scores(wide.turned, wideAt), expected);
  close(paired.values, stored.values);
  close(wide.values, stored.values);
  close(paired.returned, stored.returned);
  close(wide.returned, stored.returned);
});
