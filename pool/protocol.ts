import type {
  CompiledModel,
  CompileProgress,
  CompileTarget,
  CropPatches,
  DetectorOutputs,
  DetectorPixels,
  ModelFolder,
} from '#models';
import type { EngineCapacity, EngineCrop, EngineEvent, StepReport } from './engine/engine.js';
import type { EngineSetup } from './engine/engine-setup.js';
import type { DetectorSetup } from './engine/page-detector.js';
import type { Failure } from './errors.js';
import type { Priority } from './pool.js';

/** Pixels of a crop that lie in a file: between processes megabytes do not go through the channel. */
export interface PatchesFile extends Omit<CropPatches, 'patches'> {
  readonly file: string;
}

/** A crop as it travels to a shard. */
export interface CropMessage extends Omit<EngineCrop, 'images'> {
  readonly images: readonly (CropPatches | PatchesFile)[];
  /** For a device whose queue others share. */
  readonly priority?: Priority;
}

/** Pixels of a page for the layout detector that lie in a file. */
export interface DetectorPixelsFile extends Omit<DetectorPixels, 'pixels'> {
  readonly file: string;
}

/** From the pool to a shard. */
export type ShardRequest =
  | { readonly type: 'admit'; readonly crop: CropMessage }
  /** Takes effect before the next step. */
  | { readonly type: 'cancel'; readonly ids: readonly number[] }
  /** Only to a shard that said it can. Detections have ids of their own. */
  | { readonly type: 'detect'; readonly id: number; readonly page: DetectorPixels | DetectorPixelsFile }
  /** No effect on the detection that runs. */
  | { readonly type: 'cancel-detection'; readonly id: number }
  /** Ends the shard after the step that runs; what it holds is lost. */
  | { readonly type: 'stop' };

/** From a shard to the pool. */
export type ShardReport =
  | {
      readonly type: 'ready';
      readonly capacity: EngineCapacity;
      readonly startMs: number;
      /** Absent where the shard was not to detect. */
      readonly detector?: DetectorState;
    }
  | { readonly type: 'step'; readonly events: readonly EngineEvent[]; readonly report: StepReport }
  /** The layout detector begins: what goes wrong before `ready` or the outputs is none of the crops' doing. */
  | { readonly type: 'detecting' }
  | { readonly type: 'detected'; readonly id: number; readonly outputs: DetectorOutputs }
  /** The shard has no room for these crops, nor for any other during `restMs`. */
  | { readonly type: 'returned'; readonly ids: readonly number[]; readonly restMs: number }
  /** The shard is of no further use; it ends by itself. `suspectIds`: crops in the run that failed. */
  | { readonly type: 'failed'; readonly failure: Failure; readonly suspectIds: readonly number[] };

/** Whether a shard can detect the layout of pages, and why not. */
export type DetectorState = { readonly isOpen: true } | { readonly isOpen: false; readonly reason: string };

/** How a shard starts: once for each thread. */
export interface ShardSetup extends EngineSetup {
  /** Of the shard that detects the layout of pages for its device. */
  readonly detector?: DetectorSetup;
  /** Which life of the shard this is, counted from 1. */
  readonly life: number;
}

/** Between the pool and a device in a process of its own. */
export type HostRequest =
  | { readonly type: 'open'; readonly setups: readonly ShardSetup[] }
  | { readonly type: 'shard'; readonly shard: number; readonly request: ShardRequest }
  | { readonly type: 'close' };

export type HostReport =
  | { readonly type: 'shard'; readonly shard: number; readonly report: ShardReport }
  | { readonly type: 'exit'; readonly reason: string };

/** What the thread of one compilation is given. */
export interface CompileOrder {
  readonly model: ModelFolder;
  readonly target: CompileTarget;
  readonly cacheDir: string;
  /** Shared with the pool; see `compileSlots`. */
  readonly slots: Int32Array;
}

/** Places in `CompileOrder.slots`. `isStopped`: not 0 once the graphs are not wanted any more. */
export const compileSlots = { isStopped: 0 } as const;

/** From that thread to the pool; the last is not `progress`. */
export type CompileReport =
  | { readonly type: 'progress'; readonly progress: CompileProgress }
  | { readonly type: 'compiled'; readonly compiled: CompiledModel }
  | { readonly type: 'failed'; readonly failure: Failure };
