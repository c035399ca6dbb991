import type { DetectorGraph } from './detector-graph.js';
import { biasedKernel, type KernelShape, normalizedKernel } from './kernel.js';

/** PyTorch's default, which these layers have whatever the detector's setting. */
const normEps = 1e-5;

function convLayer(graph: DetectorGraph, input: string, name: string, shape: KernelShape): string {
  const names = { conv: `${name}.convolution`, norm: `${name}.normalization` };
  return graph.conv(input, normalizedKernel(graph.weights, names, shape, normEps), { activation: 'silu' });
}

/**
 * Prototypes of the masks, `[pages, prototypes, height / 4, width / 4]`: the mask logits of a query are the product
 * of its mask embedding with them.
 */
export function buildMaskFeatures(graph: DetectorGraph, features: readonly string[], quarter: string): string {
  const { builder, config } = graph;
  const [inner, outer] = config.mask_feature_channels;
  const head = 'encoder.mask_feature_head';
  let sum = '';
  features.forEach((feature, level) => {
    let value = feature;
    // A map of stride 8 * 2^n takes n steps to the largest map's size; the largest itself has one convolution.
    for (let step = 0; step < Math.max(1, level); step++) {
      const inputs = step === 0 ? config.encoder_hidden_dim : inner;
      // Layers that enlarge count too, so convolutions have even numbers.
      value = convLayer(graph, value, `${head}.scale_heads.${level}.layers.${step * 2}`, [inner, inputs, 3, 3]);
      if (level > 0) value = graph.upsample(value, 'bilinear');
    }
    sum = level === 0 ? value : builder.op('Add', [sum, value]);
  });
  const joined = convLayer(graph, sum, `${head}.output_conv`, [outer, inner, 3, 3]);
  const lateral = convLayer(graph, quarter, 'encoder.encoder_mask_lateral', [outer, config.x4_feat_dim, 3, 3]);
  const detailed = builder.op('Add', [graph.upsample(joined, 'bilinear'), lateral]);
  const base = convLayer(graph, detailed, 'encoder.encoder_mask_output.base_conv', [outer, outer, 3, 3]);
  const shape = [config.num_prototypes, outer, 1, 1] as const;
  return graph.conv(base, biasedKernel(graph.weights, 'encoder.encoder_mask_output.conv', shape));
}
