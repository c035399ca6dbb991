import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ExternalDataFile } from '../../../../../models/compile/external-data.js';
import { readFreeWeights } from '../../../../../models/compile/free-weights.js';
import { GraphBuilder } from '../../../../../models/compile/graph-builder.js';
import { writeModel } from '../../../../../models/compile/onnx-writer.js';
import { float32Source } from '../../../../../models/compile/weight-sources.js';
import type { ModelFolder } from '../../../../../models/open-model.js';
import { loadWeights } from '../../../../../pool/engine/cuda/native/load-weights.js';
import { type DeviceRows, NativeGraphs } from '../../../../../pool/engine/cuda/native/native-graphs.js';
import { NativeRuntime } from '../../../../../pool/engine/cuda/native/native-session.js';
import { openKvPool } from '../../../../../pool/engine/cuda/native/open-kv-pool.js';
import { openOrtLibrary } from '../../../../../pool/engine/cuda/native/ort-library.js';
import { createRecordingGate, RecordingLock } from '../../../../../pool/engine/cuda/native/recording-lock.js';
import { openHostMemory } from '../../../../support/host-memory.js';

// The attention of these graphs has no kernel on the CPU. Graphs of the same inputs and outputs that add numbers up show
// that everything reaches them and comes back.
const imageTokenId = 9;
const hiddenSize = 512;
const text = { hiddenSize, headCount: 4, kvHeadCount: 2, headDim: 8, layerCount: 1 };
const vision = { patchSize: 2, mergeSize: 2, positionGridSize: 4, hiddenSize: 8 };
const model = { reader: { text, vision, imageTokenId }, manifest: { visionPositionAlign: 'half-pixel' } };
const weight = 1000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quire-graphs-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function cast(graph: GraphBuilder, value: string, to: number): string {
  return graph.op('Cast', [value], { attributes: { to } });
}

/** Each merged patch becomes a row of its first byte. */
function writeVision(): string {
  const graph = new GraphBuilder('vision');
  const pixels = graph.input('pixel_values', 'uint8', ['N', 'C']);
  graph.input('pos_index', 'int64', ['N', 4]);
  graph.input('pos_weight', 'float32', ['N', 4]);
  graph.input('rope_hw', 'float32', ['N', 2]);
  const merge = graph.input('merge_index', 'int64', ['P']);
  graph.input('image_count', 'int64', [1]);
  graph.input('is_batched', 'bool', []);
  graph.input('is_padded', 'bool', []);
  graph.input('patch_counts', 'int32', ['I']);
  graph.input('patch_row', 'int64', [1, 'N']);
  graph.input('token_offset', 'int32', ['B', 'S']);
  graph.input('patch_starts', 'int32', ['B1']);
  const first = graph.op('Slice', [
    graph.op('Gather', [pixels, merge]),
    graph.constant([0, 0]),
    graph.constant([1 << 20, 1]),
    graph.constant([0, 1]),
    graph.constant([4, 1]),
  ]);
  const row = graph.op('Expand', [cast(graph, first, 10), graph.constant([1, hiddenSize])]);
  graph.output(row, 'float16', ['M', hiddenSize], 'image_embeds');
  return write('vision', graph, false);
}

/** token = weight + id + past + what the picture of the row says, logprob = - blocks. */
function writeDecoder(name: 'prompt' | 'step' | 'wide-step'): string {
  const graph = new GraphBuilder(name);
  const ids = graph.input('input_ids', 'int64', ['n']);
  graph.input('sequence_starts', 'int32', ['B1']);
  const past = graph.input('past_lengths', 'int32', ['B']);
  const table = graph.input('block_table', 'int32', ['B', 'K']);
  graph.input('attention_bounds', 'int32', [3]);
  const keys = graph.input('key_cache.0', 'float16', ['blocks', 256, 2, 8]);
  graph.input('value_cache.0', 'float16', ['blocks', 256, 2, 8]);
  const offset = graph.weight(
    'offset',
    [1024],
    float32Source(() => new Float32Array(1024).fill(weight)),
  );
  let last = ids;
  let seen = cast(graph, ids, 7);
  if (name === 'prompt') {
    const embeds = graph.input('image_embeds', 'float16', ['M', hiddenSize]);
    const index = graph.input('image_index', 'int64', ['n']);
    const isImage = graph.input('is_image', 'bool', ['n']);
    graph.input('position_ids', 'int64', [3, 'n']);
    graph.input('token_row', 'int64', [1, 'n']);
    const lastIndex = graph.input('last_index', 'int64', ['B']);
    const rows = graph.op('Gather', [embeds, index]);
    const bytes = graph.op('ReduceMax', [cast(graph, rows, 1), graph.constant([1])], { attributes: { keepdims: 0 } });
    const shown = graph.op('Where', [isImage, bytes, cast(graph, ids, 1)]);
    // Sums from the start of the run to each last token.
    const sums = graph.op('CumSum', [shown, graph.constant(0)]);
    last = graph.op('Gather', [ids, lastIndex]);
    seen = cast(graph, graph.op('Gather', [sums, lastIndex]), 7);
  }
  if (name === 'wide-step') {
    graph.input('slot_mapping', 'int32', ['G']);
    graph.input('position_ids', 'int64', [1, 'B']);
  }
  const zero = graph.op('ReduceMax', [cast(graph, keys, 1)], { attributes: { keepdims: 0 } });
  const add = (...values: string[]) => values.reduce((sum, value) => graph.op('Add', [sum, value]));
  const constant = graph.op('ReduceMax', [offset], { attributes: { keepdims: 0 } });
  const token = add(seen, cast(graph, past, 7), cast(graph, graph.op('Add', [constant, zero]), 7));
  graph.output(token, 'int64', ['B'], 'token');
  const blocks = graph.op('ReduceMax', [cast(graph, table, 7), graph.constant([1])], { attributes: { keepdims: 0 } });
  const nothing = graph.op('Mul', [last, graph.constant(0)]);
  graph.output(graph.op('Neg', [cast(graph, add(blocks, nothing), 1)]), 'float32', ['B'], 'logprob');
  return write(name, graph, true);
}

function write(name: string, graph: GraphBuilder, hasFreeWeights: boolean): string {
  const data = new ExternalDataFile(join(folder, `${name}.data`));
  const path = join(folder, `${name}.onnx`);
  writeModel(path, graph, data, hasFreeWeights);
  data.close(true);
  return path;
}

it('carries pictures, prompts and steps of every kind to the graphs and back, and frees all it took', async () => {
  const ort = openOrtLibrary();
  const runtime = new NativeRuntime(ort);
  const memory = openHostMemory(ort);
  const paths = { prompt: writeDecoder('prompt'), step: writeDecoder('step'), wideStep: writeDecoder('wide-step') };
  const open = (path: string) => runtime.openSession(path, { cuda: null, threadCount: 1 });
  const sessions = {
    vision: open(writeVision()),
    prompt: open(paths.prompt),
    step: open(paths.step),
    wideStep: open(paths.wideStep),
  };
  const names = { prompt: ['offset'], step: ['offset'], wideStep: ['offset'] };
  const graphs = new NativeGraphs(
    {
      runtime,
      memory,
      sessions,
      weights: loadWeights(runtime, memory, readFreeWeights(paths.prompt)),
      weightNames: names,
      pool: openKvPool(runtime, memory, text, 4),
      lock: new RecordingLock(createRecordingGate()),
      wideFrom: 600,
      canPad: true,
    },
    model as unknown as ModelFolder,
  );
  const picture = (byte: number, gridWidth: number) => ({
    gridHeight: 2,
    gridWidth,
    patches: new Uint8Array(2 * gridWidth * 12).fill(byte),
  });
  const prompt = (embeddings: DeviceRows[], ids: number[], block: number) => ({
    ids,
    pastLength: 0,
    blockIds: [block],
    grids: embeddings.map(({ count }) => ({ height: 1, width: count })),
    embeddings,
  });
  graphs.warmUp();
  for (let round = 0; round < 2; round++) {
    const first = await graphs.encodeImages([picture(50, 6), picture(7, 2)]);
    const second = await graphs.encodeImages([picture(3, 4)]);
    const [wide, narrow, later] = [...first.embeddings, ...second.embeddings];
    expect([wide.count, narrow.count, later.count]).toEqual([3, 1, 2]);
    const rows = [
      prompt([wide], [1, imageTokenId, imageTokenId, imageTokenId, 2], 1),
      prompt([narrow, later], [imageTokenId, 4, imageTokenId, imageTokenId], 3),
    ];
    // 1 + 3 * 50 + 2 = 153, then 7 + 4 + 2 * 3 = 17 more.
    expect(await graphs.run(rows)).toEqual({ tokens: [1153, 1170], logprobs: [-1, -3] });
    for (const { ms } of [first, second]) expect(ms()).toBeGreaterThan(0);
  }
  const step = (id: number, pastLength: number, blockIds: number[]) => ({
    ids: [id],
    pastLength,
    blockIds,
    grids: [],
    embeddings: [],
  });
  const few = [step(10, 20, [2]), step(11, 30, [3])];
  expect(await graphs.run(few)).toEqual({ tokens: [1030, 1041], logprobs: [-2, -3] });
  // The wide step counts the length with the new token less its three rows.
  const many = [step(10, 300, [1, 2]), step(11, 310, [2, 3])];
  expect(await graphs.run(many)).toEqual({ tokens: [1308, 1319], logprobs: [-2, -3] });
  expect(await graphs.run(few.slice(1))).toEqual({ tokens: [1041], logprobs: [-3] });
  await graphs.close();
  expect(memory.allocationCount).toBe(0);
});
