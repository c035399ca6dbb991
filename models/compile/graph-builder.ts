import { toHalfBits } from './half-float.js';
import { type OnnxType, onnxTypeBytes } from './onnx-schema.js';

/** Sizes of a value; a string names a free dimension, null leaves it unsaid. */
export type Dims = readonly (number | string | null)[];

/**
 * A tensor kept in the external data file and produced only while that file is written.
 * `chunks` yields its little-endian row-major bytes in order; a chunk may be overwritten once the next is asked for.
 * Two weights (of one graph or of several) that share a source object share its bytes in the file.
 */
export interface WeightSource {
  readonly type: OnnxType;
  chunks(): Iterable<Uint8Array>;
}

/** A small tensor stored inside the graph. */
export interface InlineTensor {
  readonly type: OnnxType;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

class FloatAttribute {
  constructor(readonly value: number | readonly number[]) {}
}

/** Marks an attribute as float or floats: plain numbers are ints. */
export const float = (value: number | readonly number[]): FloatAttribute => new FloatAttribute(value);

/** number: int, number[]: ints, `float(x)`: float or floats, string(s), inline tensor, subgraph. */
export type Attribute =
  | number
  | readonly number[]
  | string
  | readonly string[]
  | FloatAttribute
  | InlineTensor
  | GraphBuilder;

export { FloatAttribute };

export interface NodeOptions {
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface Node extends NodeOptions {
  readonly type: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface Port {
  readonly name: string;
  readonly type: OnnxType;
  readonly dims: Dims;
}

export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly source: WeightSource;
}

export interface Constant extends InlineTensor {
  readonly name: string;
}

/** Domain of ONNX Runtime's own operators. */
export const microsoft = 'com.microsoft';

/**
 * Collects the nodes of one ONNX graph. Values are named by strings; `''` stands for an absent optional input.
 * A subgraph takes its names from its parent and keeps its constants and weights there, so that the runtime
 * prepares them once and not once an iteration.
 */
export class GraphBuilder {
  readonly nodes: Node[] = [];
  readonly inputs: Port[] = [];
  readonly outputs: Port[] = [];
  readonly constants: Constant[] = [];
  readonly weights: Weight[] = [];
  readonly #root: GraphBuilder;
  readonly #constantNames = new Map<string, string>();
  readonly #weightSources = new Map<string, WeightSource>();
  #nameCount = 0;

  constructor(
    readonly name: string,
    parent?: GraphBuilder,
  ) {
    this.#root = parent ? parent.#root : this;
  }

  /** A graph for a Loop or If of this one; values of this graph are visible inside. */
  subgraph(name: string): GraphBuilder {
    return new GraphBuilder(name, this);
  }

  /** A name no other value of this graph or its subgraphs has. */
  uniqueName(hint: string): string {
    return `${hint}_${this.#root.#nameCount++}`;
  }

  input(name: string, type: OnnxType, dims: Dims): string {
    this.inputs.push({ name, type, dims });
    return name;
  }

  /** Makes `value` an output of the graph, under `name` where one is given. */
  output(value: string, type: OnnxType, dims: Dims, name?: string): void {
    if (name !== undefined && name !== value) {
      this.nodes.push({ type: 'Identity', name: this.uniqueName('Identity'), inputs: [value], outputs: [name] });
    }
    this.outputs.push({ name: name ?? value, type, dims });
  }

  /** A small tensor inside the graph; without `dims` one value is a scalar and an array a vector. Equal ones are shared. */
  constant(values: number | readonly number[], type: OnnxType = 'int64', dims?: readonly number[]): string {
    const root = this.#root;
    const tensor = inlineTensor(values, type, dims);
    const key = `${type}:${tensor.dims.join()}:${Buffer.from(tensor.bytes).toString('base64')}`;
    let name = root.#constantNames.get(key);
    if (name === undefined) {
      name = this.uniqueName('constant');
      root.#constantNames.set(key, name);
      root.constants.push({ name, ...tensor });
    }
    return name;
  }

  /** A tensor of the external data file. The same name with the same source may be asked for again. */
  weight(name: string, shape: readonly number[], source: WeightSource): string {
    const root = this.#root;
    const known = root.#weightSources.get(name);
    if (known === undefined) {
      root.#weightSources.set(name, source);
      root.weights.push({ name, shape, source });
    } else if (known !== source) {
      throw new TypeError(`two weights are named ${name}`);
    }
    return name;
  }

  /** Adds a node and names its output. */
  op(type: string, inputs: readonly string[], options?: NodeOptions & { readonly outputs?: undefined }): string;
  /** Adds a node with several outputs: a count, or a mask whose false places are left out (and come back as ''). */
  op(
    type: string,
    inputs: readonly string[],
    options: NodeOptions & { readonly outputs: number | readonly boolean[] },
  ): string[];
  op(
    type: string,
    inputs: readonly string[],
    options: NodeOptions & { readonly outputs?: number | readonly boolean[] } = {},
  ): string | string[] {
    const { outputs, domain, attributes } = options;
    const mask = typeof outputs === 'object' ? outputs : new Array<boolean>(outputs ?? 1).fill(true);
    const names = mask.map((wanted) => (wanted ? this.uniqueName(type) : ''));
    this.nodes.push({ type, name: this.uniqueName(type), inputs, outputs: names, domain, attributes });
    return outputs === undefined ? names[0] : names;
  }
}

/** Numbers as the bytes of a tensor; for `constant` and for tensor attributes such as the value of ConstantOfShape. */
export function inlineTensor(
  values: number | readonly number[],
  type: OnnxType,
  dims?: readonly number[],
): InlineTensor {
  const list = typeof values === 'number' ? [values] : values;
  const shape = dims ?? (typeof values === 'number' ? [] : [values.length]);
  if (shape.reduce((product, size) => product * size, 1) !== list.length) {
    throw new TypeError(`${list.length} values do not fill [${shape.join()}]`);
  }
  return { type, dims: shape, bytes: encode(list, type) };
}

function encode(values: readonly number[], type: OnnxType): Uint8Array {
  const bytes = new Uint8Array(values.length * onnxTypeBytes[type]);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    if (type === 'float32') view.setFloat32(index * 4, value, true);
    else if (type === 'int64') view.setBigInt64(index * 8, BigInt(value), true);
    else if (type === 'int32') view.setInt32(index * 4, value, true);
    else if (type === 'float16') view.setUint16(index * 2, toHalfBits(value), true);
    else view.setUint8(index, value);
  });
  return bytes;
}
