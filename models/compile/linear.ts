import type { GraphBuilder } from './graph-builder.js';
import type { ReaderWeights } from './reader-weights.js';

/** A linear layer as checkpoints store it: `[outputs, inputs]`; several matrices are stacked by their rows. */
export interface LinearWeights {
  /** Full tensor names. */
  readonly names: readonly string[];
  /** Rows of each matrix. */
  readonly outputSizes: readonly number[];
  readonly inputSize: number;
  /** Full names of the bias vectors, one a matrix. */
  readonly biasNames?: readonly string[];
  /** Shape in the checkpoint of a single matrix that is stored with more axes, such as a convolution. */
  readonly storedShape?: readonly number[];
}

/** Adds `x · Wᵀ + b` for `x` of shape [rows, inputSize] to a graph. */
export type Linear = (graph: GraphBuilder, x: string, layer: LinearWeights) => string;

/** Float32 linear layers. Gemm takes the matrix as it is stored, so compiling moves bytes and transposes nothing. */
export function createFloatLinear(weights: ReaderWeights): Linear {
  return (graph, x, layer) => {
    const { names, outputSizes, inputSize } = layer;
    const outputSize = outputSizes.reduce((sum, size) => sum + size, 0);
    const shape = [outputSize, inputSize];
    const matrix = graph.weight(names.join('+'), shape, weights.rows(names, storedShapes(layer)));
    const inputs = [x, matrix, ...linearBias(graph, weights, layer)];
    return graph.op('Gemm', inputs, { attributes: { transB: 1 } });
  };
}

/** Shape of each matrix of a layer in the checkpoint. */
export function storedShapes(layer: LinearWeights): (readonly number[])[] {
  return layer.storedShape ? [layer.storedShape] : layer.outputSizes.map((size) => [size, layer.inputSize]);
}

/** The bias of a layer as a weight, or nothing. */
export function linearBias(graph: GraphBuilder, weights: ReaderWeights, layer: LinearWeights): string[] {
  const { biasNames, outputSizes } = layer;
  if (!biasNames) return [];
  const source = weights.rows(
    biasNames,
    outputSizes.map((size) => [size]),
  );
  const outputSize = outputSizes.reduce((sum, size) => sum + size, 0);
  return [graph.weight(biasNames.join('+'), [outputSize], source)];
}
