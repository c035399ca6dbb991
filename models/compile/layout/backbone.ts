import type { DetectorGraph } from './detector-graph.js';
import { type KernelShape, normalizedKernel } from './kernel.js';

/** PyTorch's default, which the reference's backbone has whatever the detector's setting. */
const normEps = 1e-5;

const root = 'backbone.model';

interface LayerOptions {
  readonly stride?: number;
  readonly groups?: number;
  readonly pads?: readonly [number, number, number, number];
  readonly isActive?: boolean;
}

/** Convolution, batch normalisation and ReLU. */
function convLayer(
  graph: DetectorGraph,
  input: string,
  name: string,
  shape: KernelShape,
  { isActive = true, ...options }: LayerOptions = {},
): string {
  const names = { conv: `${name}.convolution`, norm: `${name}.normalization` };
  const kernel = normalizedKernel(graph.weights, names, shape, normEps);
  return graph.conv(input, kernel, { ...options, activation: isActive ? 'relu' : null });
}

/** The stem: `[pages, 3, height, width]` to a quarter of the size with the official strides. */
function embed(graph: DetectorGraph, pixels: string): string {
  const { builder, config } = graph;
  const { stem_channels: channels, stem_strides: strides } = config.backbone_config;
  const [inputCount, middle, outputCount] = channels;
  const name = `${root}.embedder`;
  const stem1 = convLayer(graph, pixels, `${name}.stem1`, [middle, inputCount, 3, 3], { stride: strides[0] });
  // The reference pads zeros to the right and below before these 2x2 windows; convolutions do that by themselves.
  const pads = [0, 0, 1, 1] as const;
  const stem2a = convLayer(graph, stem1, `${name}.stem2a`, [middle / 2, middle, 2, 2], { stride: strides[1], pads });
  const stem2b = convLayer(graph, stem2a, `${name}.stem2b`, [middle, middle / 2, 2, 2], { stride: strides[2], pads });
  // A maximum ignores its own padding, which is the same as zeros because no value is negative after ReLU.
  const pooled = builder.op('MaxPool', [stem1], { attributes: { kernel_shape: [2, 2], strides: [1, 1], pads } });
  const joined = builder.op('Concat', [pooled, stem2b], { attributes: { axis: 1 } });
  const stem3 = convLayer(graph, joined, `${name}.stem3`, [middle, middle * 2, 3, 3], { stride: strides[3] });
  return convLayer(graph, stem3, `${name}.stem4`, [outputCount, middle, 1, 1], { stride: strides[4] });
}

/** Layers in a row whose outputs, with the input, are all joined and squeezed. */
function block(graph: DetectorGraph, input: string, stage: number, index: number): string {
  const config = graph.config.backbone_config;
  const middle = config.stage_mid_channels[stage];
  const outputCount = config.stage_out_channels[stage];
  const inputCount = index === 0 ? config.stage_in_channels[stage] : outputCount;
  const layerCount = config.stage_numb_of_layers[stage];
  const side = config.stage_kernel_size[stage];
  const name = `${root}.encoder.stages.${stage}.blocks.${index}`;
  const features = [input];
  for (let layer = 0; layer < layerCount; layer++) {
    const layerName = `${name}.layers.${layer}`;
    const last = features[layer];
    const width = layer === 0 ? inputCount : middle;
    if (config.stage_light_block[stage]) {
      const mixed = convLayer(graph, last, `${layerName}.conv1`, [middle, width, 1, 1], { isActive: false });
      features.push(convLayer(graph, mixed, `${layerName}.conv2`, [middle, 1, side, side], { groups: middle }));
    } else {
      features.push(convLayer(graph, last, layerName, [middle, width, side, side]));
    }
  }
  const joined = graph.builder.op('Concat', features, { attributes: { axis: 1 } });
  const total = inputCount + layerCount * middle;
  const squeezed = convLayer(graph, joined, `${name}.aggregation.0`, [outputCount >> 1, total, 1, 1]);
  const output = convLayer(graph, squeezed, `${name}.aggregation.1`, [outputCount, outputCount >> 1, 1, 1]);
  return index === 0 ? output : graph.builder.op('Add', [output, input]);
}

/** HGNetV2: float pixels to the feature maps of its four stages. */
export function buildBackbone(graph: DetectorGraph, pixels: string): string[] {
  const config = graph.config.backbone_config;
  const stages: string[] = [];
  let value = embed(graph, pixels);
  config.stage_in_channels.forEach((width, stage) => {
    if (config.stage_downsample[stage]) {
      value = convLayer(graph, value, `${root}.encoder.stages.${stage}.downsample`, [width, 1, 3, 3], {
        stride: config.stage_downsample_strides[stage],
        groups: width,
        isActive: false,
      });
    }
    for (let index = 0; index < config.stage_num_blocks[stage]; index++) value = block(graph, value, stage, index);
    stages.push(value);
  });
  return stages;
}
