/** Element types that cross the session port, with the typed array that holds each. */
export interface TensorArrays {
  float32: Float32Array;
  float16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

export type ElementType = keyof TensorArrays;

/** A dense row-major tensor. */
export type Tensor<T extends ElementType = ElementType> = {
  [K in T]: { readonly type: K; readonly dims: readonly number[]; readonly data: TensorArrays[K] };
}[T];

export type NamedTensors = Readonly<Record<string, Tensor>>;

/**
 * The port through which model code runs a compiled graph. The pool's engine owns the one implementation
 * over ONNX Runtime; models never import the runtime.
 */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Runs the graph; `fetches` limits which outputs are copied back (all of them when absent). */
  run(feeds: NamedTensors, fetches?: readonly string[]): Promise<NamedTensors>;
  /** Frees the session; a later `run` rejects. */
  close(): Promise<void>;
}
