import { embedKvPool, pagedBlockBytes, pagedBlockSize } from '#models';
import type { Engine } from '../engine.js';
import type { EngineSetup } from '../engine-setup.js';
import { openSession } from '../session.js';
import { largePatchCount } from './batching-choice.js';
import { BlockPool } from './block-pool.js';
import { CudaEngine, type EngineDoor } from './cuda-engine.js';
import type { EngineGraphs } from './engine-graphs.js';
import { PagedGraphs } from './paged-graphs.js';
import { proofBlockCount, proveCache } from './prove-cache.js';

/** Long enough that messages between steps cost little, short enough that nobody waits for it. */
const sliceMs = 10;

/**
 * Opens the engine on a CUDA device and proves its cache: through the runtime's C API where that works and is wanted,
 * else through the Node addon. Throws COMPILE_FAILED, DEVICE_LOST or the runtime's error.
 */
export async function openCudaEngine(setup: EngineSetup): Promise<Engine> {
  const { target, model, limits, cudaDoor } = setup;
  if (target.kind !== 'cuda') throw new TypeError('a CUDA engine needs a CUDA device');
  const { text, vision, eosTokenIds } = model.reader;
  const mostLength = Math.min(limits.maxSequenceLength, text.maxPositions);
  const blocksOf = (length: number) => Math.ceil(length / pagedBlockSize);
  // More than the batch can use is of no use; one sequence of full length must fit.
  const most = limits.maxBatch * blocksOf(mostLength) + 1;
  const least = Math.max(proofBlockCount, blocksOf(mostLength) + 1);
  const fitting = Math.max(least, Math.min(most, Math.floor(limits.kvBytes / pagedBlockBytes(text))));
  const blockCount = Math.max(proofBlockCount, limits.kvBlocks || fitting);

  const start = <Embeds>(graphs: EngineGraphs<Embeds>, door: EngineDoor): Engine =>
    new CudaEngine(
      graphs,
      new BlockPool(blockCount, pagedBlockSize),
      {
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
      },
      door,
    );
  let runtimeDoorReason: string | undefined;
  if (cudaDoor !== 'addon') {
    try {
      return start(await openNative(setup, target.index, blockCount), { runtimeDoor: 'c-api' });
    } catch (error) {
      if (cudaDoor === 'c-api') throw error;
      runtimeDoorReason = (error as Error).message;
    }
  }
  return start(await openThroughAddon(setup, blockCount), { runtimeDoor: 'addon', runtimeDoorReason });
}

async function openNative(setup: EngineSetup, device: number, blockCount: number) {
  const { model, threadCount, recordingGate } = setup;
  const { memoryBytes } = setup.limits;
  const { vision, prompt, step, wideStep } = setup.graphs;
  if (!prompt || !step || !wideStep) throw new TypeError('the graphs were not compiled for CUDA');
  // The library that calls native code is only loaded where it is used.
  const { openNativeGraphs } = await import('./native/open-native-graphs.js');
  const graphs = { vision, prompt, step, wideStep };
  const opened = openNativeGraphs({ device, threadCount, graphs, model, blockCount, recordingGate, memoryBytes });
  await proven(opened, model);
  opened.warmUp();
  return opened;
}

async function openThroughAddon({ target, graphs, model, threadCount }: EngineSetup, blockCount: number) {
  const options = { device: target, threadCount };
  const sessions = {
    vision: await openSession(graphs.vision, options),
    decoder: await openSession(embedKvPool(graphs.decode, model.reader.text, blockCount), options),
  };
  return proven(new PagedGraphs(sessions, model), model);
}

/** The graphs themselves, once their cache keeps what runs write into it; they are closed where it does not. */
async function proven<Graphs extends EngineGraphs<unknown>>(graphs: Graphs, { reader }: EngineSetup['model']) {
  try {
    await proveCache(graphs, reader.text.vocabSize);
    return graphs;
  } catch (error) {
    await graphs.close();
    throw error;
  }
}
