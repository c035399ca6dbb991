import type { DeviceState } from './pool.js';

/** What can happen to a device. */
export type DeviceChange =
  /** Every shard read the canary right. */
  | 'proven'
  | 'drain'
  /** The last crop of a draining device is done. */
  | 'emptied'
  | 'resume'
  /** Started again, by itself or by an operator. */
  | 'restart'
  | 'lost'
  /** Lost too often: it rests before it is tried again. */
  | 'broke';

const transitions: Readonly<Record<DeviceState, Partial<Record<DeviceChange, DeviceState>>>> = {
  starting: { proven: 'ready', lost: 'down', broke: 'broken', restart: 'starting' },
  ready: { drain: 'draining', lost: 'down', broke: 'broken', restart: 'starting' },
  draining: { emptied: 'drained', resume: 'ready', lost: 'down', broke: 'broken', restart: 'starting' },
  drained: { resume: 'ready', lost: 'down', broke: 'broken', restart: 'starting' },
  down: { restart: 'starting', broke: 'broken' },
  broken: { restart: 'starting', lost: 'down' },
};

/** The state after a change, or null where the change is not possible. */
export function nextDeviceState(state: DeviceState, change: DeviceChange): DeviceState | null {
  return transitions[state][change] ?? null;
}
