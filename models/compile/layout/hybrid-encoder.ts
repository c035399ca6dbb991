import type { ActivationName } from '../../layout/detector-config.js';
import type { DetectorGraph } from './detector-graph.js';
import { addPointwise, type Kernel, normalizedKernel } from './kernel.js';

/** PyTorch's default, which the projections from the backbone have whatever the detector's setting. */
const projectionNormEps = 1e-5;

/** Height and width of a feature map. */
export interface FeatureSize {
  readonly height: number;
  readonly width: number;
}

/** Sizes of the three feature maps, largest first. */
export function featureSizes({ config }: DetectorGraph): FeatureSize[] {
  const { height, width } = config.input.size;
  return config.feat_strides.map((stride) => ({ height: height / stride, width: width / stride }));
}

/** The three deeper stages of the backbone, brought to one width and mixed across positions and scales. */
export function buildHybridEncoder(graph: DetectorGraph, stages: readonly string[]): string[] {
  const { config } = graph;
  const width = config.encoder_hidden_dim;
  const features = stages.map((stage, level) => {
    const name = `encoder_input_proj.${level}`;
    const names = { conv: `${name}.0`, norm: `${name}.1` };
    return graph.conv(
      stage,
      normalizedKernel(graph.weights, names, [width, config.encoder_in_channels[level], 1, 1], projectionNormEps),
    );
  });
  config.encode_proj_layers.forEach((level, index) => {
    if (config.encoder_layers > 0) features[level] = mixPositions(graph, features[level], level, index);
  });
  return mixScales(graph, features);
}

/** AIFI: transformer layers over the positions of one feature map. */
function mixPositions(graph: DetectorGraph, feature: string, level: number, index: number): string {
  const { builder, config } = graph;
  const width = config.encoder_hidden_dim;
  const size = featureSizes(graph)[level];
  const position =
    config.eval_size == null
      ? graph.tensor(`aifi.position.${level}`, [1, size.height * size.width, width], () =>
          sinusoids(size, width, config.positional_encoding_temperature),
        )
      : null;
  let rows = graph.rowsOf(feature, width);
  for (let layer = 0; layer < config.encoder_layers; layer++) {
    rows = encoderLayer(graph, rows, position, `encoder.aifi.${index}.layers.${layer}`);
  }
  const columns = builder.op('Transpose', [rows], { attributes: { perm: [0, 2, 1] } });
  return builder.op('Reshape', [columns, builder.constant([0, width, size.height, size.width])]);
}

function encoderLayer(graph: DetectorGraph, input: string, position: string | null, name: string): string {
  const { builder, config } = graph;
  const width = config.encoder_hidden_dim;
  const normalize = (value: string, norm: string, isHere: boolean) =>
    isHere ? graph.layerNorm(value, `${name}.${norm}`, width) : value;
  const before = config.normalize_before;
  const attended = graph.selfAttention(
    normalize(input, 'self_attn_layer_norm', before),
    position,
    `${name}.self_attn`,
    width,
    config.encoder_attention_heads,
  );
  let value = normalize(builder.op('Add', [input, attended]), 'self_attn_layer_norm', !before);
  // As in the reference, the second residual starts after the norm even where norms come first.
  value = normalize(value, 'final_layer_norm', before);
  const fed = graph.feedForward(
    value,
    `${name}.mlp`,
    width,
    config.encoder_ffn_dim,
    config.encoder_activation_function,
  );
  return normalize(builder.op('Add', [value, fed]), 'final_layer_norm', !before);
}

/** CCFM: deep features go up to the large maps, then details go down again. */
function mixScales(graph: DetectorGraph, features: readonly string[]): string[] {
  const { builder, config } = graph;
  const width = config.encoder_hidden_dim;
  const activation = config.activation_function;
  const last = features.length - 1;
  const join = (a: string, b: string) => builder.op('Concat', [a, b], { attributes: { axis: 1 } });

  const upward = [features[last]];
  for (let step = 0; step < last; step++) {
    const lateral = convNorm(graph, upward[0], `encoder.lateral_convs.${step}`, width, width, 1, activation);
    upward[0] = lateral;
    const joined = join(graph.upsample(lateral, 'nearest'), features[last - 1 - step]);
    upward.unshift(crossStage(graph, joined, `encoder.fpn_blocks.${step}`));
  }

  const downward = [upward[0]];
  for (let step = 0; step < last; step++) {
    const name = `encoder.downsample_convs.${step}`;
    const shrunk = convNorm(graph, downward[step], name, width, width, 3, activation, 2);
    downward.push(crossStage(graph, join(shrunk, upward[step + 1]), `encoder.pan_blocks.${step}`));
  }
  return downward;
}

/** Cross stage partial layer: one half through three re-parameterised convolutions, the other straight. */
function crossStage(graph: DetectorGraph, input: string, name: string): string {
  const { config } = graph;
  const outputCount = config.encoder_hidden_dim;
  const hidden = Math.trunc(outputCount * config.hidden_expansion);
  const activation = config.activation_function;
  let deep = convNorm(graph, input, `${name}.conv1`, outputCount * 2, hidden, 1, activation);
  for (let index = 0; index < 3; index++) {
    const block = `${name}.bottlenecks.${index}`;
    const kernel = addPointwise(
      convNormKernel(graph, `${block}.conv1`, hidden, hidden, 3),
      convNormKernel(graph, `${block}.conv2`, hidden, hidden, 1),
    );
    deep = graph.conv(deep, kernel, { activation });
  }
  const straight = convNorm(graph, input, `${name}.conv2`, outputCount * 2, hidden, 1, activation);
  const sum = graph.builder.op('Add', [deep, straight]);
  return hidden === outputCount ? sum : convNorm(graph, sum, `${name}.conv3`, hidden, outputCount, 1, activation);
}

function convNormKernel(graph: DetectorGraph, name: string, inputs: number, outputs: number, side: number): Kernel {
  const names = { conv: `${name}.conv`, norm: `${name}.norm` };
  return normalizedKernel(graph.weights, names, [outputs, inputs, side, side], graph.config.batch_norm_eps);
}

function convNorm(
  graph: DetectorGraph,
  input: string,
  name: string,
  inputs: number,
  outputs: number,
  side: number,
  activation: ActivationName,
  stride = 1,
): string {
  return graph.conv(input, convNormKernel(graph, name, inputs, outputs, side), { stride, activation });
}

/** `[1, positions, width]`: sine and cosine of the row, then of the column, a quarter of the width each. */
function sinusoids(size: FeatureSize, width: number, temperature: number): Float32Array {
  const quarter = width / 4;
  const table = new Float32Array(size.height * size.width * width);
  for (let y = 0, at = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, at += width) {
      for (let k = 0; k < quarter; k++) {
        const frequency = 1 / temperature ** (k / quarter);
        table[at + k] = Math.sin(y * frequency);
        table[at + quarter + k] = Math.cos(y * frequency);
        table[at + 2 * quarter + k] = Math.sin(x * frequency);
        table[at + 3 * quarter + k] = Math.cos(x * frequency);
      }
    }
  }
  return table;
}
