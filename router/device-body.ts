import type { DeviceStatus } from '#pool';
import type { DeviceBody } from './contract/devices.js';

/** A device as `/devices` shows it: moments as ISO 8601. */
export function toDeviceBody(device: DeviceStatus): DeviceBody {
  const { canaryOkAt, lastError, ...rest } = device;
  return {
    ...rest,
    ...(lastError ? { lastError } : {}),
    ...(canaryOkAt === undefined ? {} : { canaryOkAt: new Date(canaryOkAt).toISOString() }),
  };
}
