import type { CompiledModel, ModelFolder } from '#models';
import type { Fault } from '../fault-injection.js';
import type { RuntimeDoor } from './engine.js';

/** What a shard is and has, from its start. Plain data: it crosses to a thread or a process. */
export interface EngineSetup {
  /** Id of the device, and the number of the shard on it. */
  readonly deviceId: string;
  readonly shard: number;
  readonly target: { readonly kind: 'cpu' } | { readonly kind: 'cuda'; readonly index: number };
  /** Threads an operator may use (CPU). */
  readonly threadCount: number;
  /** Way to the runtime on CUDA. */
  readonly cudaDoor: 'auto' | RuntimeDoor;
  /** Given to a thread by its process: CUDA threads of one process keep out of each other's recordings. */
  readonly recordingGate?: SharedArrayBuffer;
  readonly model: Pick<ModelFolder, 'reader' | 'manifest'>;
  readonly graphs: CompiledModel['graphs'];
  readonly limits: {
    readonly maxBatch: number;
    readonly maxSequenceLength: number;
    readonly prefillTokenBudget: number;
    readonly visionPatchBudget: number;
    /** 0: from `kvBytes`. */
    readonly kvBlocks: number;
    /** Bytes the cache may take where `kvBlocks` does not say. */
    readonly kvBytes: number;
    /** Bytes of a CUDA device that the shard may take in all; 0 or absent: no limit. */
    readonly memoryBytes?: number;
    readonly loopGuard: boolean;
  };
  /** Module that exports `openEngine`, as a file URL; the engine of the target when absent. For tests. */
  readonly engineModule?: string;
  readonly faults: readonly Fault[];
}
