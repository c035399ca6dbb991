import type { DeviceStatus } from './pool.js';
import type { Shard } from './shard.js';

/** How the shards of a device compute, as its status shows it. */
export function runtimeOf(
  shards: readonly Shard[],
  mayDetect: boolean,
): Pick<DeviceStatus, 'runtimeDoor' | 'runtimeDoorReason' | 'detectsPages' | 'detectorReason'> {
  return { ...doorOf(shards), ...detectionOf(shards, mayDetect) };
}

/** The slowest way to the runtime that a shard takes. */
function doorOf(shards: readonly Shard[]): Pick<DeviceStatus, 'runtimeDoor' | 'runtimeDoorReason'> {
  const capacities = shards.flatMap(({ capacity }) => capacity ?? []);
  const shown = capacities.find(({ runtimeDoor }) => runtimeDoor === 'addon') ?? capacities[0];
  if (!shown?.runtimeDoor) return {};
  const { runtimeDoor, runtimeDoorReason } = shown;
  return { runtimeDoor, ...(runtimeDoorReason !== undefined && { runtimeDoorReason }) };
}

function detectionOf(
  shards: readonly Shard[],
  mayDetect: boolean,
): Pick<DeviceStatus, 'detectsPages' | 'detectorReason'> {
  if (!mayDetect) {
    return {
      detectsPages: false,
      detectorReason: 'The device died twice, it seems of this; a restart tries it again.',
    };
  }
  const detector = shards.find((shard) => shard.detector)?.detector;
  if (!detector) return {};
  return detector.isOpen ? { detectsPages: true } : { detectsPages: false, detectorReason: detector.reason };
}
