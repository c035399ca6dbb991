import type { Config } from '#config';
import type { CompiledModel, ModelFolder } from '#models';
import type { PlannedDevice } from './device-plan.js';
import type { ShardSetup } from './protocol.js';

export interface SetupParts {
  readonly config: Config;
  readonly model: ModelFolder;
  readonly graphs: CompiledModel['graphs'];
  readonly engineModule: string | undefined;
  readonly faults: ShardSetup['faults'];
  /** Kinds of devices that detect the layout of pages. */
  readonly detecting: readonly PlannedDevice['kind'][];
}

/** Crops decoded together where the settings leave it open. */
const chosenBatch = { cpu: 32, cuda: 64 } as const;

/** What one shard of a device is told at its start. The first detects for its device: another would only take memory. */
export function createShardSetup(
  device: PlannedDevice,
  shard: number,
  { config, model, graphs, engineModule, faults, detecting }: SetupParts,
): Omit<ShardSetup, 'life'> {
  const { maxBatch, maxSequenceLength, prefillTokenBudget, visionPatchBudget, kvBlocks, loopGuard } = config.engine;
  const isDetecting = shard === 0 && detecting.includes(device.kind);
  return {
    deviceId: device.id,
    shard,
    target: device.target,
    threadCount: device.threadCount,
    cudaDoor: config.devices.cudaDoor,
    model: { reader: model.reader, manifest: model.manifest },
    graphs,
    limits: {
      maxBatch: maxBatch || chosenBatch[device.kind],
      maxSequenceLength,
      prefillTokenBudget,
      visionPatchBudget,
      kvBlocks,
      kvBytes: device.kvBytes,
      memoryBytes: config.devices.memoryLimitBytes,
      loopGuard,
    },
    ...(isDetecting &&
      graphs.layout &&
      model.layout && { detector: { graphPath: graphs.layout, size: model.layout.config.input.size } }),
    ...(engineModule && { engineModule }),
    faults,
  };
}
