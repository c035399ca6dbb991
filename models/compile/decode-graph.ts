import { buildDecoderLayers, chooseTokens, type DecoderParts, embeddingTable, textRotation } from './decoder-layers.js';
import { float, GraphBuilder, inlineTensor, microsoft } from './graph-builder.js';

/**
 * Greedy steps of a running batch as one ONNX Loop. The cache of earlier runs is captured by the loop and never
 * copied; only the rows this run adds are carried from step to step.
 *
 * Inputs: `steps` int64 []; `stop_ids` int64 [E]; `token` int64 [B], the last token, not yet in the cache;
 * `past_length` int64 [B], valid rows of the past, the rest being padding; `position` int64 [B], rotary position of
 * `token` on all axes; `done` bool [B]; `past.{i}.key` and `past.{i}.value` float32 [B, kvHeads, P, headDim], P > 0.
 * Outputs: `tokens` int64 [K, B] and `logprobs` float32 [K, B] with K <= steps: the loop ends early when every row is
 * done; what a row gives after its stop id means nothing. `new.{i}.key` and `new.{i}.value` [B, kvHeads, K, headDim]:
 * row 0 belongs to the input token.
 */
export function buildDecodeGraph(parts: DecoderParts): GraphBuilder {
  const { config } = parts;
  const { kvHeadCount, headCount, headDim } = config;
  const graph = new GraphBuilder('decode');
  const steps = graph.input('steps', 'int64', []);
  const stopIds = graph.input('stop_ids', 'int64', ['E']);
  const token = graph.input('token', 'int64', ['B']);
  const pastLength = graph.input('past_length', 'int64', ['B']);
  const position = graph.input('position', 'int64', ['B']);
  const done = graph.input('done', 'bool', ['B']);
  const cacheNames = Array.from({ length: config.layerCount }, (_, i) => [`${i}.key`, `${i}.value`]);
  const past = cacheNames.map((pair) =>
    pair.map((name) => graph.input(`past.${name}`, 'float32', ['B', kvHeadCount, 'P', headDim])),
  );

  const batch = graph.op('Shape', [token]);
  const pastSize = graph.op('Shape', [past[0][0]], { attributes: { start: 2, end: 3 } });
  const bias = paddingBias(graph, pastSize, pastLength);
  const rowCount = graph.op('Squeeze', [batch]);
  const range = graph.op('Range', [graph.constant(0), rowCount, graph.constant(1)]);
  const rotaryIndex = graph.op('Unsqueeze', [range, graph.constant([1])]);
  const emptyShape = graph.op('Concat', [batch, graph.constant([kvHeadCount, 0, headDim])], {
    attributes: { axis: 0 },
  });
  const empty = graph.op('ConstantOfShape', [emptyShape], { attributes: { value: inlineTensor([0], 'float32') } });
  const stopColumn = graph.op('Unsqueeze', [stopIds, graph.constant([0])]);

  const body = graph.subgraph('step');
  const step = body.input('step', 'int64', []);
  body.input('going', 'bool', []);
  const last = body.input('last_token', 'int64', ['B']);
  const wasDone = body.input('was_done', 'bool', ['B']);
  const carried = cacheNames.map((pair) =>
    pair.map((name) => body.input(`carried.${name}`, 'float32', ['B', kvHeadCount, null, headDim])),
  );
  const grown: string[] = [];
  const sizes = body.op(
    'Concat',
    [pastSize, body.op('Unsqueeze', [body.op('Add', [step, body.constant(1)]), body.constant([0])])],
    { attributes: { axis: 0 } },
  );

  const place = body.op('Unsqueeze', [body.op('Add', [position, step]), body.constant([0])]);
  const [cos, sin] = textRotation(body, config, body.op('Concat', [place, place, place], { attributes: { axis: 0 } }));
  // Queries and keys of a row turn by the same angles, so they are rotated together.
  const splitRotated = (fused: string) => {
    const widths = body.constant([(headCount + kvHeadCount) * headDim, kvHeadCount * headDim]);
    const [turning, v] = body.op('Split', [fused, widths], { outputs: 2, attributes: { axis: 1 } });
    const heads = body.op('Reshape', [turning, body.constant([-1, headCount + kvHeadCount, 1, headDim])]);
    const rotated = body.op('RotaryEmbedding', [heads, rotaryIndex, cos, sin], {
      domain: microsoft,
      attributes: { interleaved: 0 },
    });
    const counts = body.constant([headCount, kvHeadCount]);
    const [q, k] = body.op('Split', [rotated, counts], { outputs: 2, attributes: { axis: 1 } });
    const groups = body.constant([-1, kvHeadCount, headCount / kvHeadCount, headDim]);
    const single = body.constant([-1, kvHeadCount, 1, headDim]);
    return [body.op('Reshape', [q, groups]), k, body.op('Reshape', [v, single])];
  };
  const scores = (query: string, keys: string) =>
    body.op('FusedMatMul', [query, keys], {
      domain: microsoft,
      attributes: { transB: 1, alpha: float(1 / Math.sqrt(headDim)) },
    });
  const append = (rows: string, row: string) => {
    const all = body.op('Concat', [rows, row], { attributes: { axis: 2 } });
    grown.push(all);
    return all;
  };

  const attend = (fused: string, index: number) => {
    const [query, key, value] = splitRotated(fused);
    const keys = append(carried[index][0], key);
    const values = append(carried[index][1], value);
    const pastScores = body.op('Add', [scores(query, past[index][0]), bias]);
    const all = body.op('Concat', [pastScores, scores(query, keys)], { attributes: { axis: 3 } });
    const probabilities = body.op('Softmax', [all], { attributes: { axis: 3 } });
    const [toPast, toNew] = body.op('Split', [probabilities, sizes], { outputs: 2, attributes: { axis: 3 } });
    const mixed = body.op('Add', [body.op('MatMul', [toPast, past[index][1]]), body.op('MatMul', [toNew, values])]);
    return body.op('Reshape', [mixed, body.constant([-1, headCount * headDim])]);
  };

  const normed = buildDecoderLayers(body, parts, body.op('Gather', [embeddingTable(body, parts), last]), attend);
  const [next, logprob] = chooseTokens(body, parts, normed);
  const stops = body.op('Equal', [body.op('Unsqueeze', [next, body.constant([1])]), stopColumn]);
  const stopped = body.op('ReduceMax', [body.op('Cast', [stops], { attributes: { to: 6 } }), body.constant([1])], {
    attributes: { keepdims: 0 },
  });
  const isDone = body.op('Or', [wasDone, body.op('Cast', [stopped], { attributes: { to: 9 } })]);
  const allDone = body.op('ReduceMin', [body.op('Cast', [isDone], { attributes: { to: 6 } })], {
    attributes: { keepdims: 0 },
  });
  body.output(body.op('Not', [body.op('Cast', [allDone], { attributes: { to: 9 } })]), 'bool', []);
  body.output(next, 'int64', ['B']);
  body.output(isDone, 'bool', ['B']);
  for (const rows of grown) body.output(rows, 'float32', ['B', kvHeadCount, null, headDim]);
  body.output(body.op('Identity', [next]), 'int64', ['B']);
  body.output(logprob, 'float32', ['B']);

  const outputs = graph.op('Loop', [steps, graph.constant(1, 'bool'), token, done, ...grown.map(() => empty)], {
    // The runtime crashes when an output of a Loop is left out.
    outputs: grown.length + 4,
    attributes: { body },
  });
  cacheNames.flat().forEach((name, index) => {
    graph.output(outputs[2 + index], 'float32', ['B', kvHeadCount, 'K', headDim], `new.${name}`);
  });
  graph.output(outputs.at(-2) as string, 'int64', ['K', 'B'], 'tokens');
  graph.output(outputs.at(-1) as string, 'float32', ['K', 'B'], 'logprobs');
  return graph;
}

/** 0 for valid rows of the past and a very low score for padding, [B, 1, 1, P]. */
function paddingBias(graph: GraphBuilder, pastSize: string, pastLength: string): string {
  const rows = graph.op('Range', [graph.constant(0), graph.op('Squeeze', [pastSize]), graph.constant(1)]);
  const isValid = graph.op('Less', [rows, graph.op('Unsqueeze', [pastLength, graph.constant([1])])]);
  const bias = graph.op('Where', [isValid, graph.constant(0, 'float32'), graph.constant(-1e30, 'float32')]);
  return graph.op('Unsqueeze', [bias, graph.constant([1, 2])]);
}
