import { writeFileSync } from 'node:fs';
import type { ExternalDataFile } from './external-data.js';
import { type FreeWeight, freeWeightsEntry } from './free-weights.js';
import {
  type Attribute,
  type Constant,
  type Dims,
  FloatAttribute,
  GraphBuilder,
  type InlineTensor,
  type Node,
  type Port,
  type Weight,
} from './graph-builder.js';
import { attributeTypeIds, externalLocation, modelProto, onnxTypeBytes, onnxTypeIds } from './onnx-schema.js';

// Opset 18 with IR 8 has every standard operator we use; both are old enough for every runtime that reads our graphs.
const irVersion = 8;
const opsets = [
  { domain: '', version: 18 },
  { domain: 'com.microsoft', version: 1 },
];

/** Weights up to this size go into the graph file: the runtime maps each external tensor by itself. */
export const inlineWeightBytes = 1024;

/**
 * Writes `graph` as an ONNX model to `path`, its weights streamed to `data`, which must lie in the same folder.
 * Memory stays at the graph plus one chunk of a weight. With `hasFreeWeights` the weights of the data file are inputs
 * of the graph, so that several sessions can be fed one copy of them; `readFreeWeights` tells where they lie.
 */
export function writeModel(path: string, graph: GraphBuilder, data: ExternalDataFile, hasFreeWeights = false): void {
  const isFree = (weight: Weight) => hasFreeWeights && weightBytes(weight) > inlineWeightBytes;
  const free = graph.weights.filter(isFree);
  const bound = graph.weights.filter((weight) => !isFree(weight)).map((weight) => encodeWeight(weight, data));
  const places: FreeWeight[] = free.map((weight) => ({
    name: weight.name,
    type: weight.source.type,
    dims: weight.shape,
    ...data.add(weight.source, weightBytes(weight)),
  }));
  const model = {
    irVersion,
    producerName: 'quire',
    opsetImport: opsets,
    graph: encodeGraph(
      graph,
      [...graph.constants.map(encodeConstant), ...bound],
      free.map(({ name, shape, source }) => ({ name, type: source.type, dims: shape })),
    ),
    metadataProps: hasFreeWeights ? [{ key: freeWeightsEntry, value: JSON.stringify(places) }] : [],
  };
  writeFileSync(path, modelProto.encode(model).finish(), { flag: 'wx' });
}

function encodeGraph(graph: GraphBuilder, initializer: object[] = [], freeWeights: Port[] = []): object {
  return {
    name: graph.name,
    input: [...graph.inputs, ...freeWeights].map(encodePort),
    output: graph.outputs.map(encodePort),
    node: graph.nodes.map(encodeNode),
    initializer,
  };
}

function encodePort(port: Port): object {
  return {
    name: port.name,
    type: { tensorType: { elemType: onnxTypeIds[port.type], shape: { dim: encodeDims(port.dims) } } },
  };
}

function encodeDims(dims: Dims): object[] {
  return dims.map((size) => {
    if (size === null) return {};
    return typeof size === 'string' ? { dimParam: size } : { dimValue: size };
  });
}

function encodeNode(node: Node): object {
  return {
    name: node.name,
    opType: node.type,
    domain: node.domain ?? '',
    input: node.inputs,
    output: node.outputs,
    attribute: Object.entries(node.attributes ?? {}).map(([name, value]) => ({ name, ...encodeAttribute(value) })),
  };
}

function encodeAttribute(value: Attribute): object {
  if (value instanceof FloatAttribute) {
    return typeof value.value === 'number'
      ? { type: attributeTypeIds.float, f: value.value }
      : { type: attributeTypeIds.floats, floats: value.value };
  }
  if (value instanceof GraphBuilder) return { type: attributeTypeIds.graph, g: encodeGraph(value) };
  if (typeof value === 'number') return { type: attributeTypeIds.int, i: integer(value) };
  if (typeof value === 'string') return { type: attributeTypeIds.string, s: Buffer.from(value) };
  if (!isArray(value)) return { type: attributeTypeIds.tensor, t: encodeInline(value) };
  return typeof value[0] === 'string'
    ? { type: attributeTypeIds.strings, strings: value.map((text) => Buffer.from(String(text))) }
    : { type: attributeTypeIds.ints, ints: value.map((number) => integer(Number(number))) };
}

const isArray = (value: Attribute): value is readonly number[] | readonly string[] => Array.isArray(value);

function integer(value: number): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is not an integer attribute; wrap floats in float()`);
  return value;
}

function encodeInline(tensor: InlineTensor): object {
  return { dims: tensor.dims, dataType: onnxTypeIds[tensor.type], rawData: tensor.bytes };
}

function encodeConstant(constant: Constant): object {
  return { name: constant.name, ...encodeInline(constant) };
}

function weightBytes({ shape, source }: Weight): number {
  return shape.reduce((product, size) => product * size, onnxTypeBytes[source.type]);
}

function encodeWeight(weight: Weight, data: ExternalDataFile): object {
  const { name, shape, source } = weight;
  const byteLength = weightBytes(weight);
  const tensor = { name, dims: shape, dataType: onnxTypeIds[source.type] };
  if (byteLength <= inlineWeightBytes) {
    // Chunks may be reused by their source, so they are copied.
    const rawData = Buffer.concat([...source.chunks()].map((chunk) => Buffer.from(chunk)));
    if (rawData.length !== byteLength) throw new TypeError(`${name} gave ${rawData.length} bytes of ${byteLength}`);
    return { ...tensor, rawData };
  }
  const range = data.add(source, byteLength);
  const externalData = [
    { key: 'location', value: range.location },
    { key: 'offset', value: String(range.offset) },
    { key: 'length', value: String(range.byteLength) },
  ];
  return { ...tensor, dataLocation: externalLocation, externalData };
}
