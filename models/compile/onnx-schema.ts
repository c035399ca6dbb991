import protobuf from 'protobufjs';

/** Element types a graph may hold, as ONNX numbers them (`TensorProto.DataType`). */
export const onnxTypeIds = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
} as const;

export type OnnxType = keyof typeof onnxTypeIds;

export const onnxTypeBytes: Readonly<Record<OnnxType, number>> = {
  float32: 4,
  uint8: 1,
  int8: 1,
  int32: 4,
  int64: 8,
  bool: 1,
  float16: 2,
};

/** `AttributeProto.AttributeType`. */
export const attributeTypeIds = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

/** `TensorProto.DataLocation.EXTERNAL`. */
export const externalLocation = 1;

type Field = [type: string, id: number, rule?: 'repeated'];

const message = (fields: Record<string, Field>) => ({
  fields: Object.fromEntries(
    Object.entries(fields).map(([name, [type, id, rule]]) => [name, { type, id, ...(rule ? { rule } : {}) }]),
  ),
});

/**
 * The part of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that our graphs use,
 * with the official field numbers. Protobuf readers skip what is absent.
 */
const root = protobuf.Root.fromJSON({
  nested: {
    StringStringEntryProto: message({ key: ['string', 1], value: ['string', 2] }),
    OperatorSetIdProto: message({ domain: ['string', 1], version: ['int64', 2] }),
    Dimension: message({ dimValue: ['int64', 1], dimParam: ['string', 2] }),
    TensorShapeProto: message({ dim: ['Dimension', 1, 'repeated'] }),
    TensorTypeProto: message({ elemType: ['int32', 1], shape: ['TensorShapeProto', 2] }),
    TypeProto: message({ tensorType: ['TensorTypeProto', 1] }),
    ValueInfoProto: message({ name: ['string', 1], type: ['TypeProto', 2] }),
    TensorProto: message({
      dims: ['int64', 1, 'repeated'],
      dataType: ['int32', 2],
      name: ['string', 8],
      rawData: ['bytes', 9],
      externalData: ['StringStringEntryProto', 13, 'repeated'],
      dataLocation: ['int32', 14],
    }),
    AttributeProto: message({
      name: ['string', 1],
      f: ['float', 2],
      i: ['int64', 3],
      s: ['bytes', 4],
      t: ['TensorProto', 5],
      g: ['GraphProto', 6],
      floats: ['float', 7, 'repeated'],
      ints: ['int64', 8, 'repeated'],
      strings: ['bytes', 9, 'repeated'],
      type: ['int32', 20],
    }),
    NodeProto: message({
      input: ['string', 1, 'repeated'],
      output: ['string', 2, 'repeated'],
      name: ['string', 3],
      opType: ['string', 4],
      attribute: ['AttributeProto', 5, 'repeated'],
      domain: ['string', 7],
    }),
    GraphProto: message({
      node: ['NodeProto', 1, 'repeated'],
      name: ['string', 2],
      initializer: ['TensorProto', 5, 'repeated'],
      input: ['ValueInfoProto', 11, 'repeated'],
      output: ['ValueInfoProto', 12, 'repeated'],
    }),
    ModelProto: message({
      irVersion: ['int64', 1],
      producerName: ['string', 2],
      graph: ['GraphProto', 7],
      opsetImport: ['OperatorSetIdProto', 8, 'repeated'],
      metadataProps: ['StringStringEntryProto', 14, 'repeated'],
    }),
  },
});

/** `ModelProto` of onnx.proto. */
export const modelProto = root.lookupType('ModelProto');
