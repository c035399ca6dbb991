import { microsoft } from './graph-builder.js';
import { type Linear, type LinearWeights, linearBias, storedShapes } from './linear.js';
import type { ReaderWeights } from './reader-weights.js';
import { bytesSource } from './weight-sources.js';

/** Weights of one block share a scale. Larger blocks are faster; the widths of the published model are multiples of it. */
const blockSize = 128;

/**
 * Int8 linear layers for many rows at once: weights with a scale for each output, activations with one scale for the
 * whole input. The fastest form by far, but what a row gives depends a little on the rows beside it: use it where the
 * rows are always the same ones, as in one image.
 */
export function createDynamicInt8Linear(weights: ReaderWeights): Linear {
  return (graph, x, layer) => {
    const { inputSize } = layer;
    const outputSize = layer.outputSizes.reduce((sum, size) => sum + size, 0);
    const name = layer.names.join('+');
    const quantized = memorize(() => quantizeColumns(stack(weights, layer), outputSize, inputSize));
    const source = (part: 'values' | 'scales', type: 'int8' | 'float32') =>
      weights.remember(`int8 ${part} ${name}`, () => bytesSource(type, () => quantized(part)));
    storedShapes(layer).forEach((shape, index) => {
      weights.reader.expect(layer.names[index], shape);
    });
    const values = graph.weight(`${name}.int8`, [inputSize, outputSize], source('values', 'int8'));
    const scales = graph.weight(`${name}.scale`, [outputSize], source('scales', 'float32'));
    return graph.op('DynamicQuantizeMatMul', [x, values, scales, '', ...linearBias(graph, weights, layer)], {
      domain: microsoft,
    });
  };
}

/**
 * Int8 linear layers whose weights and activations have a scale for each block of a row: no scale is shared between
 * rows, so a crop does not depend on what it is batched with. The fastest form for few rows.
 */
export function createBlockInt8Linear(weights: ReaderWeights): Linear {
  return (graph, x, layer) => {
    const { inputSize } = layer;
    const outputSize = layer.outputSizes.reduce((sum, size) => sum + size, 0);
    const blockCount = Math.ceil(inputSize / blockSize);
    const name = layer.names.join('+');
    const quantized = memorize(() => quantizeBlocks(stack(weights, layer), outputSize, inputSize));
    const source = (part: 'values' | 'scales', type: 'uint8' | 'float32') =>
      weights.remember(`blocks ${part} ${name}`, () => bytesSource(type, () => quantized(part)));
    storedShapes(layer).forEach((shape, index) => {
      weights.reader.expect(layer.names[index], shape);
    });
    const values = graph.weight(`${name}.blocks`, [outputSize, blockCount, blockSize], source('values', 'uint8'));
    const scales = graph.weight(`${name}.block_scale`, [outputSize * blockCount], source('scales', 'float32'));
    const bias = linearBias(graph, weights, layer);
    return graph.op('MatMulNBits', [x, values, scales, ...(bias.length > 0 ? ['', '', ...bias] : [])], {
      domain: microsoft,
      // Level 4 lets the kernel multiply int8 by int8; other levels are many times slower.
      attributes: { K: inputSize, N: outputSize, bits: 8, block_size: blockSize, accuracy_level: 4 },
    });
  };
}

interface Quantized {
  readonly values: Int8Array | Uint8Array;
  readonly scales: Float32Array;
}

/** Rows of all matrices of a layer, [outputs, inputs]. */
function stack(weights: ReaderWeights, layer: LinearWeights): Float32Array {
  const outputSize = layer.outputSizes.reduce((sum, size) => sum + size, 0);
  const all = new Float32Array(outputSize * layer.inputSize);
  let done = 0;
  for (const name of layer.names) {
    for (const chunk of weights.reader.floatChunks(name)) {
      all.set(chunk, done);
      done += chunk.length;
    }
  }
  return all;
}

/** Values and scales are written one after the other: computed for the first, let go after the second. */
function memorize(compute: () => Quantized): (part: keyof Quantized) => Int8Array | Uint8Array | Float32Array {
  let kept: Quantized | undefined;
  let asked: keyof Quantized | undefined;
  return (part) => {
    const quantized = kept ?? compute();
    kept = asked === undefined || asked === part ? quantized : undefined;
    asked = part;
    return quantized[part];
  };
}

/**
 * Largest weight where activations are whole bytes: without VNNI instructions (AVX2) the kernel adds two products in
 * 16 bits, which 255 · 127 twice would overflow. The seventh bit costs less than a wrong sum.
 */
const columnLimit = 63;

/** Symmetric integers with one scale an output, transposed to [inputs, outputs]. */
function quantizeColumns(matrix: Float32Array, outputSize: number, inputSize: number): Quantized {
  const values = new Int8Array(matrix.length);
  const scales = new Float32Array(outputSize);
  for (let output = 0; output < outputSize; output++) {
    const start = output * inputSize;
    const scale = largest(matrix, start, start + inputSize) / columnLimit || 1;
    scales[output] = scale;
    for (let input = 0; input < inputSize; input++) {
      values[input * outputSize + output] = Math.round(matrix[start + input] / scale);
    }
  }
  return { values, scales };
}

/** Int8 shifted by 128 with one scale a block of a row; the last block of a row is filled up with zeros. */
function quantizeBlocks(matrix: Float32Array, outputSize: number, inputSize: number): Quantized {
  const blockCount = Math.ceil(inputSize / blockSize);
  const values = new Uint8Array(outputSize * blockCount * blockSize).fill(128);
  const scales = new Float32Array(outputSize * blockCount);
  for (let output = 0; output < outputSize; output++) {
    for (let block = 0; block < blockCount; block++) {
      const start = output * inputSize + block * blockSize;
      const end = Math.min(start + blockSize, (output + 1) * inputSize);
      const scale = largest(matrix, start, end) / 127 || 1;
      const index = output * blockCount + block;
      scales[index] = scale;
      for (let place = start; place < end; place++) {
        values[index * blockSize + place - start] = Math.round(matrix[place] / scale) + 128;
      }
    }
  }
  return { values, scales };
}

function largest(values: Float32Array, start: number, end: number): number {
  let result = 0;
  for (let index = start; index < end; index++) result = Math.max(result, Math.abs(values[index]));
  return result;
}
