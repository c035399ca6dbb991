import { CpuEngine } from './cpu-engine.js';
import { openCudaEngine } from './cuda/open-cuda-engine.js';
import type { Engine } from './engine.js';
import type { EngineSetup } from './engine-setup.js';
import { KvSlots, kvBlockBytes } from './kv-slots.js';
import { openSession } from './session.js';
import { StepGraphs } from './step-graphs.js';

/** Tokens of a block of the CPU cache. */
const blockSize = 64;

/** Opens the engine of the target. */
export function openEngine(setup: EngineSetup): Promise<Engine> {
  return setup.target.kind === 'cuda' ? openCudaEngine(setup) : openCpuEngine(setup);
}

async function openCpuEngine({ model, graphs, limits, threadCount }: EngineSetup): Promise<Engine> {
  const open = (path: string) => openSession(path, { device: { kind: 'cpu' }, threadCount });
  const sessions = {
    vision: await open(graphs.vision),
    prefill: await open(graphs.prefill),
    decode: await open(graphs.decode),
  };
  const { layerCount, kvHeadCount, headDim, maxPositions } = model.reader.text;
  const maxSequenceLength = Math.min(limits.maxSequenceLength, maxPositions);
  const shape = { layerCount, kvHeadCount, headDim, blockSize };
  const most = limits.maxBatch * Math.ceil(maxSequenceLength / blockSize);
  // One sequence of full length must fit, or none could ever be read.
  const least = Math.ceil(maxSequenceLength / blockSize) + 1;
  const fitting = Math.max(least, Math.min(most, Math.floor(limits.kvBytes / kvBlockBytes(shape))));
  const blockCount = limits.kvBlocks || fitting;
  return new CpuEngine(
    new StepGraphs(sessions, model),
    new KvSlots({ ...shape, blockCount, maxRows: limits.maxBatch }),
    {
      maxBatch: limits.maxBatch,
      blockSize,
      blockCount,
      prefillTokenBudget: limits.prefillTokenBudget,
      visionPatchBudget: limits.visionPatchBudget,
      maxSequenceLength,
      loopGuard: limits.loopGuard,
      stopIds: model.reader.eosTokenIds,
    },
  );
}
