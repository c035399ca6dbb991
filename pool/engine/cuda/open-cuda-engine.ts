import { embedKvPool, pagedBlockBytes, pagedBlockSize } from '#models';
import type { Engine } from '../engine.js';
import type { EngineSetup } from '../engine-setup.js';
import { openSession } from '../session.js';
import { BlockPool } from './block-pool.js';
import { CudaEngine } from './cuda-engine.js';
import { largePatchCount, PagedGraphs } from './paged-graphs.js';
import { proofBlockCount, proveCache } from './prove-cache.js';

/** Long enough that messages between steps cost little, short enough that nobody waits for it. */
const sliceMs = 10;

/** Opens the engine on a CUDA device and proves its cache. Throws COMPILE_FAILED, DEVICE_LOST or the runtime's error. */
export async function openCudaEngine({ target, model, graphs, limits, threadCount }: EngineSetup): Promise<Engine> {
  if (target.kind !== 'cuda') throw new TypeError('a CUDA engine needs a CUDA device');
  const { text, vision, eosTokenIds } = model.reader;
  const mostLength = Math.min(limits.maxSequenceLength, text.maxPositions);
  const blocksOf = (length: number) => Math.ceil(length / pagedBlockSize);
  // More than the batch can use is of no use; one sequence of full length must fit.
  const most = limits.maxBatch * blocksOf(mostLength) + 1;
  const least = Math.max(proofBlockCount, blocksOf(mostLength) + 1);
  const fitting = Math.max(least, Math.min(most, Math.floor(limits.kvBytes / pagedBlockBytes(text))));
  const blockCount = Math.max(proofBlockCount, limits.kvBlocks || fitting);

  const options = { device: target, threadCount };
  const pagedGraphs = new PagedGraphs(
    {
      vision: await openSession(graphs.vision, options),
      decoder: await openSession(embedKvPool(graphs.decode, text, blockCount), options),
    },
    model,
  );
  try {
    await proveCache(pagedGraphs, text.vocabSize);
  } catch (error) {
    await pagedGraphs.close();
    throw error;
  }
  return new CudaEngine(pagedGraphs, new BlockPool(blockCount, pagedBlockSize), {
    maxBatch: limits.maxBatch,
    blockSize: pagedBlockSize,
    prefillTokenBudget: limits.prefillTokenBudget,
    visionPatchBudget: limits.visionPatchBudget,
    largePatchCount,
    maxSequenceLength: Math.min(mostLength, (blockCount - 1) * pagedBlockSize),
    loopGuard: limits.loopGuard,
    stopIds: eosTokenIds,
    mergeSize: vision.mergeSize,
    sliceMs,
  });
}
