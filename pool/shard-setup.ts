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
}

/** Crops decoded together where the settings leave it open. */
const chosenBatch = { cpu: 32, cuda: 64 } as const;

/** What one shard of a device is told at its start. */
export function createShardSetup(
  device: PlannedDevice,
  shard: number,
  { config, model, graphs, engineModule, faults }: SetupParts,
): Omit<ShardSetup, 'life'> {
  const { maxBatch, maxSequenceLength, prefillTokenBudget, visionPatchBudget, kvBlocks, loopGuard } = config.engine;
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
    ...(engineModule && { engineModule }),
    faults,
  };
}
