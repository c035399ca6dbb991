import type { DetectorOutputs, DetectorPixels } from '#models';
import type { Device } from './device.js';
import type { PoolEvent } from './pool.js';

/** The layout detectors of the devices, as a page sees them. */
export interface DeviceDetection {
  /** Whether a device has room for a page now; else the prepare threads detect. */
  readonly isOpen: boolean;
  /**
   * What the detector of a device gives for a page. Never rejects: null where none has room any more, the one chosen is
   * lost first, whatever the cause, or `signal` is aborted. A page that may have ended one device is not sent to another.
   */
  detect(page: DetectorPixels, signal: AbortSignal): Promise<DetectorOutputs | null>;
}

/** Rough, in the units of crops: what counts is that pages spread over devices that are idle. */
const pageCost = 10;
/** Pages that are with a device at most. Who decodes faster than it detects has the time to detect the others. */
const mostPages = 32;

/** Sends each page to the device with the least outstanding work. */
export function createDeviceDetection(
  devices: () => readonly Device[],
  emit: (event: PoolEvent) => void,
): DeviceDetection {
  const places = () =>
    devices().flatMap((device) => {
      const shard = device.openShards.find(
        ({ detector, detections }) => detector?.isOpen && detections.count < mostPages,
      );
      return shard ? [{ device, shard, cost: costOf(device) }] : [];
    });
  return {
    get isOpen() {
      return places().length > 0;
    },
    async detect(page, signal) {
      const [place] = places().sort((one, other) => one.cost - other.cost);
      if (!place) return null;
      const outputs = await place.device.detect(place.shard, page, signal);
      if (outputs) emit({ type: 'page-detected', device: place.device.id });
      return outputs;
    },
  };
}

function costOf({ openShards }: Device): number {
  return openShards.reduce(
    (sum, { outstandingCost, detections }) => sum + outstandingCost + detections.count * pageCost,
    0,
  );
}
