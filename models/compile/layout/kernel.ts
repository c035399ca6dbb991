import type { DetectorWeights } from './detector-weights.js';

/** Output channels, input channels of a group, height, width. */
export type KernelShape = readonly [outputs: number, inputs: number, height: number, width: number];

/** Weights of a convolution with bias, computed when they are written; named as in the checkpoint without `model.`. */
export interface Kernel {
  readonly name: string;
  readonly shape: KernelShape;
  readonly weight: () => Float32Array;
  readonly bias: () => Float32Array;
}

const normParts = ['weight', 'bias', 'running_mean', 'running_var'] as const;

/** Scale and shift of a batch normalisation in evaluation: `y = x * scale + shift`. */
function affineOf(weights: DetectorWeights, norm: string, eps: number): { scale: Float64Array; shift: Float64Array } {
  const [gamma, beta, mean, variance] = normParts.map((part) => weights.floats(`${norm}.${part}`));
  const scale = Float64Array.from(gamma, (value, channel) => value / Math.sqrt(variance[channel] + eps));
  return { scale, shift: Float64Array.from(beta, (value, channel) => value - mean[channel] * scale[channel]) };
}

/** A convolution without bias and the batch normalisation after it, as one convolution. */
export function normalizedKernel(
  weights: DetectorWeights,
  names: { readonly conv: string; readonly norm: string },
  shape: KernelShape,
  eps: number,
): Kernel {
  const weightName = `${names.conv}.weight`;
  weights.expect(weightName, shape);
  for (const part of normParts) weights.expect(`${names.norm}.${part}`, [shape[0]]);
  return {
    name: names.conv,
    shape,
    weight: () => {
      const weight = weights.floats(weightName);
      const { scale } = affineOf(weights, names.norm, eps);
      const size = weight.length / shape[0];
      for (let index = 0; index < weight.length; index++) weight[index] *= scale[Math.floor(index / size)];
      return weight;
    },
    bias: () => Float32Array.from(affineOf(weights, names.norm, eps).shift),
  };
}

/** A convolution with its own bias. */
export function biasedKernel(weights: DetectorWeights, name: string, shape: KernelShape): Kernel {
  weights.expect(`${name}.weight`, shape);
  return storedKernel(weights, name, shape);
}

/** A linear layer as a 1x1 kernel. */
export function linearKernel(weights: DetectorWeights, name: string, inputCount: number, outputCount: number): Kernel {
  weights.expect(`${name}.weight`, [outputCount, inputCount]);
  return storedKernel(weights, name, [outputCount, inputCount, 1, 1]);
}

function storedKernel(weights: DetectorWeights, name: string, shape: KernelShape): Kernel {
  weights.expect(`${name}.bias`, [shape[0]]);
  return {
    name,
    shape,
    weight: () => weights.floats(`${name}.weight`),
    bias: () => weights.floats(`${name}.bias`),
  };
}

/** The sum of an odd-sided kernel and a 1x1 kernel over the same input, as one kernel. */
export function addPointwise(kernel: Kernel, pointwise: Kernel): Kernel {
  const [, , height, width] = kernel.shape;
  const area = height * width;
  return {
    ...kernel,
    weight: () => {
      const weight = kernel.weight();
      pointwise.weight().forEach((value, index) => {
        weight[index * area + (area - 1) / 2] += value;
      });
      return weight;
    },
    bias: () => {
      const shift = pointwise.bias();
      return kernel.bias().map((value, channel) => value + shift[channel]);
    },
  };
}

/** Two 1x1 kernels one after the other, as one. */
export function chainPointwise(first: Kernel, second: Kernel): Kernel {
  const [middle, inputs] = first.shape;
  const outputs = second.shape[0];
  return {
    name: `${first.name}+${second.name}`,
    shape: [outputs, inputs, 1, 1],
    weight: () => multiply(second.weight(), first.weight(), outputs, middle, inputs),
    bias: () => {
      const carried = multiply(second.weight(), first.bias(), outputs, middle, 1);
      return second.bias().map((value, channel) => value + carried[channel]);
    },
  };
}

/** `[rows, inner] x [inner, columns]`, summed in double precision. */
function multiply(left: Float32Array, right: Float32Array, rows: number, inner: number, columns: number): Float32Array {
  const product = new Float32Array(rows * columns);
  const sums = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let k = 0; k < inner; k++) {
      const factor = left[row * inner + k];
      for (let column = 0; column < columns; column++) sums[column] += factor * right[k * columns + column];
    }
    product.set(sums, row * columns);
  }
  return product;
}
