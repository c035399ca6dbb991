import type { ModelFolder } from '../../open-model.js';
import type { GraphBundle } from '../compile-model.js';
import { createFloatLinear } from '../linear.js';
import { ReaderWeights } from '../reader-weights.js';
import type { SafetensorsReader } from '../safetensors-reader.js';
import { pairedLinears, wideLinears } from './attention-order.js';
import { checkCudaKernels } from './check-kernels.js';
import { buildCudaVisionGraph } from './cuda-vision-graph.js';
import { pagedBlockSize } from './kv-pool.js';
import {
  buildPagedDecoderGraph,
  buildPagedPromptGraph,
  buildPagedStepGraph,
  buildWideStepGraph,
} from './paged-decoder-graph.js';

/** The graphs of a reader for CUDA in float16. Throws COMPILE_FAILED for sizes no kernel takes, and WEIGHTS_INVALID. */
export function buildCudaReader(model: ModelFolder, reader: SafetensorsReader): GraphBundle[] {
  checkCudaKernels(model.reader);
  const { vision, text, tieWordEmbeddings } = model.reader;
  const weights = new ReaderWeights(reader, 'float16');
  const linear = createFloatLinear(weights);
  const visionGraph = buildCudaVisionGraph({
    config: vision,
    processor: model.imageProcessor,
    textHiddenSize: text.hiddenSize,
    weights,
    linear,
    patchLinear: linear,
  });
  const plain = { config: text, tieWordEmbeddings, weights, linear };
  const decoder = { ...plain, ...pairedLinears(weights, text) };
  const wide = { ...plain, ...wideLinears(weights, text) };
  return [
    { dataName: 'vision.data', graphs: [{ name: 'vision', graph: visionGraph }] },
    {
      dataName: 'decoder.data',
      graphs: [
        { name: 'decoder', graph: buildPagedDecoderGraph(decoder, pagedBlockSize) },
        { name: 'prompt', graph: buildPagedPromptGraph(decoder, pagedBlockSize), hasFreeWeights: true },
        { name: 'step', graph: buildPagedStepGraph(decoder, pagedBlockSize), hasFreeWeights: true },
        { name: 'wide-step', graph: buildWideStepGraph(wide, pagedBlockSize), hasFreeWeights: true },
      ],
    },
  ];
}
