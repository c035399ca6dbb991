import type { ActivationName, DetectorConfig } from '../../layout/detector-config.js';
import { float, type GraphBuilder, microsoft } from '../graph-builder.js';
import { float32Source } from '../weight-sources.js';
import type { DetectorWeights } from './detector-weights.js';
import { type Kernel, linearKernel } from './kernel.js';

export interface ConvOptions {
  readonly stride?: number;
  readonly groups?: number;
  /** Top, left, bottom, right; half the kernel where absent. */
  readonly pads?: readonly [number, number, number, number];
  readonly activation?: ActivationName | null;
}

/**
 * The layers a detector is made of, written into one graph. Layers are named as in the checkpoint without `model.`;
 * a layer that is used twice has its weights once.
 */
export class DetectorGraph {
  readonly #weightNames = new Map<string, string>();

  constructor(
    readonly builder: GraphBuilder,
    readonly weights: DetectorWeights,
    readonly config: DetectorConfig,
    readonly classCount: number,
  ) {}

  /** A float32 tensor of the data file; asked for by the same name it is the same tensor. */
  tensor(name: string, shape: readonly number[], values: () => Float32Array): string {
    let known = this.#weightNames.get(name);
    if (known === undefined) {
      known = this.builder.weight(name, shape, float32Source(values));
      this.#weightNames.set(name, known);
    }
    return known;
  }

  conv(input: string, kernel: Kernel, options: ConvOptions = {}): string {
    const { stride = 1, groups = 1, activation = null } = options;
    const [outputCount, , height, width] = kernel.shape;
    const pads = options.pads ?? [(height - 1) >> 1, (width - 1) >> 1, (height - 1) >> 1, (width - 1) >> 1];
    const weight = this.tensor(`${kernel.name}.kernel`, kernel.shape, kernel.weight);
    const bias = this.tensor(`${kernel.name}.shift`, [outputCount], kernel.bias);
    const value = this.builder.op('Conv', [input, weight, bias], {
      attributes: { kernel_shape: [height, width], strides: [stride, stride], group: groups, pads },
    });
    return activation === null ? value : this.activate(value, activation);
  }

  activate(input: string, activation: ActivationName): string {
    if (activation === 'relu') return this.builder.op('Relu', [input]);
    if (activation === 'gelu') return this.builder.op('Gelu', [input], { domain: microsoft });
    return this.builder.op('Mul', [input, this.builder.op('Sigmoid', [input])]);
  }

  /** A linear layer, `[..., inputs]` to `[..., outputs]`; `order` says which output comes at each place. */
  linear(input: string, name: string, inputCount: number, outputCount: number, order?: readonly number[]): string {
    const kernel = linearKernel(this.weights, name, inputCount, outputCount);
    const bias = this.tensor(`${name}.shift`, [outputCount], () => {
      const values = kernel.bias();
      return order ? Float32Array.from(order, (output) => values[output]) : values;
    });
    return this.builder.op('Add', [this.builder.op('MatMul', [input, this.matrix(kernel, order)]), bias]);
  }

  /** A 1x1 kernel as `[inputs, outputs]`. */
  matrix(kernel: Kernel, order?: readonly number[]): string {
    const [outputCount, inputCount] = kernel.shape;
    return this.tensor(`${kernel.name}.matrix`, [inputCount, outputCount], () => {
      const weight = kernel.weight();
      const matrix = new Float32Array(weight.length);
      for (let output = 0; output < outputCount; output++) {
        const row = (order ? order[output] : output) * inputCount;
        for (let input = 0; input < inputCount; input++) matrix[input * outputCount + output] = weight[row + input];
      }
      return matrix;
    });
  }

  /** Linear layers `name.layers.0`, `.1` ... with ReLU between them. */
  perceptron(input: string, name: string, sizes: readonly number[]): string {
    let value = input;
    for (let layer = 0; layer + 1 < sizes.length; layer++) {
      if (layer > 0) value = this.builder.op('Relu', [value]);
      value = this.linear(value, `${name}.layers.${layer}`, sizes[layer], sizes[layer + 1]);
    }
    return value;
  }

  layerNorm(input: string, name: string, size: number): string {
    const [scale, bias] = ['weight', 'bias'].map((part) => {
      const source = `${name}.${part}`;
      this.weights.expect(source, [size]);
      return this.tensor(`${name}.${part}`, [size], () => this.weights.floats(source));
    });
    return this.builder.op('LayerNormalization', [input, scale, bias], {
      attributes: { axis: -1, epsilon: float(this.config.layer_norm_eps) },
    });
  }

  /** Self-attention over `[pages, rows, size]`; `position` is added to queries and keys only. */
  selfAttention(input: string, position: string | null, name: string, size: number, headCount: number): string {
    const keyed = position === null ? input : this.builder.op('Add', [input, position]);
    const query = this.linear(keyed, `${name}.q_proj`, size, size);
    const key = this.linear(keyed, `${name}.k_proj`, size, size);
    const value = this.linear(input, `${name}.v_proj`, size, size);
    const mixed = this.builder.op('MultiHeadAttention', [query, key, value], {
      domain: microsoft,
      attributes: { num_heads: headCount },
    });
    return this.linear(mixed, `${name}.o_proj`, size, size);
  }

  /** `fc1`, activation, `fc2`. */
  feedForward(input: string, name: string, size: number, innerSize: number, activation: ActivationName): string {
    const inner = this.activate(this.linear(input, `${name}.fc1`, size, innerSize), activation);
    return this.linear(inner, `${name}.fc2`, innerSize, size);
  }

  /** `[pages, channels, height, width]` to `[pages, height * width, channels]`. */
  rowsOf(feature: string, channelCount: number): string {
    const flat = this.builder.op('Reshape', [feature, this.builder.constant([0, channelCount, -1])]);
    return this.builder.op('Transpose', [flat], { attributes: { perm: [0, 2, 1] } });
  }

  /** Twice the height and width; `bilinear` with half-pixel centres. */
  upsample(feature: string, mode: 'nearest' | 'bilinear'): string {
    return this.builder.op('Resize', [feature, '', this.builder.constant([1, 1, 2, 2], 'float32')], {
      attributes:
        mode === 'nearest'
          ? { mode, coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
          : { mode: 'linear', coordinate_transformation_mode: 'half_pixel' },
    });
  }
}
