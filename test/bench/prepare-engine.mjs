// The engine for CUDA on graphs that compute nothing: scheduling, blocks and every input of every run are real, what
// comes out is zeros. Selected by the test-only `engineModule` of `openPool`; needs no GPU.
import { pagedBlockSize } from '../../dist/models/index.js';
import { largePatchCount } from '../../dist/pool/engine/cuda/batching-choice.js';
import { BlockPool } from '../../dist/pool/engine/cuda/block-pool.js';
import { CudaEngine } from '../../dist/pool/engine/cuda/cuda-engine.js';
import { PagedGraphs } from '../../dist/pool/engine/cuda/paged-graphs.js';

const blockCount = 512;
/** A token with a text of its own, so that every one of them is an event for the client. */
const tokenId = 1000;

export async function openEngine({ model, limits }) {
  const limitsOfEngine = {
    maxBatch: limits.maxBatch,
    blockSize: pagedBlockSize,
    prefillTokenBudget: limits.prefillTokenBudget,
    visionPatchBudget: limits.visionPatchBudget,
    largePatchCount,
    maxSequenceLength: limits.maxSequenceLength,
    loopGuard: false,
    stopIds: model.reader.eosTokenIds,
    mergeSize: model.reader.vision.mergeSize,
    sliceMs: 10,
  };
  const blocks = new BlockPool(blockCount, pagedBlockSize);
  return new CudaEngine(emptyGraphs(model), blocks, limitsOfEngine, { runtimeDoor: 'addon' });
}

/** The graphs' own code around sessions that answer at once. */
export function emptyGraphs(model) {
  const { vision, text } = model.reader;
  const encode = async ({ pixel_values: { dims } }) => {
    const shape = [dims[0] / vision.mergeSize ** 2, text.hiddenSize];
    return { image_embeds: { type: 'float16', dims: shape, data: new Uint16Array(shape[0] * shape[1]) } };
  };
  const decode = async ({ last_index: { dims } }) => ({
    token: { type: 'int64', dims, data: new BigInt64Array(dims[0]).fill(BigInt(tokenId)) },
    logprob: { type: 'float32', dims, data: new Float32Array(dims[0]) },
  });
  const session = (run) => ({ run, close: async () => {} });
  return new PagedGraphs({ vision: session(encode), decoder: session(decode) }, model);
}
