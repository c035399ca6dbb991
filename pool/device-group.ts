import { type Device, type DeviceListener, type DeviceOptions, Device as SupervisedDevice } from './device.js';
import type { Dispatcher } from './dispatcher.js';
import { PoolError } from './errors.js';
import type { DeviceAction, DeviceStatus, PoolEvent } from './pool.js';

export interface DeviceGroupParts {
  readonly dispatcher: () => Dispatcher;
  readonly emit: (event: PoolEvent) => void;
}

/** All devices of the pool, and what they tell it. */
export class DeviceGroup {
  readonly #parts: DeviceGroupParts;
  #devices: readonly Device[] = [];
  #whenReady: (() => void)[] = [];

  constructor(parts: DeviceGroupParts) {
    this.#parts = parts;
  }

  get devices(): readonly Device[] {
    return this.#devices;
  }

  get isReady(): boolean {
    return this.#devices.some(({ state }) => state === 'ready');
  }

  /** Shards that take crops now. */
  get openShardCount(): number {
    return this.#devices.reduce((sum, { openShards }) => sum + openShards.length, 0);
  }

  /** Why no crop can be read, not now and not by itself later. */
  obstacle(): PoolError | null {
    if (this.#devices.length === 0) return null;
    const isOut = this.#devices.every(({ state }) => state === 'drained' || state === 'draining' || state === 'broken');
    return isOut ? new PoolError('NO_DEVICE', 'Every device is drained or broken.') : null;
  }

  /** Resolves when the first device has read the canary right. */
  whenReady(): Promise<void> {
    return this.isReady ? Promise.resolve() : new Promise((resolve) => this.#whenReady.push(resolve));
  }

  start(options: readonly DeviceOptions[]): void {
    const listener = this.#createListener();
    this.#devices = options.map((option) => new SupervisedDevice(option, listener));
    for (const device of this.#devices) device.start();
  }

  status(): readonly DeviceStatus[] {
    return this.#devices.map((device) => device.status());
  }

  /** Throws DEVICE_UNKNOWN or DEVICE_STATE. */
  control(deviceId: string, action: DeviceAction): void {
    const device = this.#devices.find(({ id }) => id === deviceId);
    if (!device) throw new PoolError('DEVICE_UNKNOWN', `There is no device "${deviceId}".`);
    device[action]();
    this.#parts.dispatcher().pump();
  }

  async close(): Promise<void> {
    await Promise.all(this.#devices.map((device) => device.close()));
  }

  #createListener(): DeviceListener {
    const { emit, dispatcher } = this.#parts;
    return {
      onEvent: (device, shard, event) => dispatcher().onEvent(device, shard, event),
      onStep: ({ id, isRemote }, { index }, { batchSize, prefillCount, durationMs }) => {
        // Another host counts its own steps.
        if (!isRemote) emit({ type: 'step', device: id, shard: index, batchSize, prefillCount, durationMs });
        dispatcher().pump();
      },
      onReturned: (jobs) => dispatcher().onReturned(jobs),
      onLost: (device, jobs, loss) => dispatcher().onLost(device, jobs, loss),
      onState: ({ id }, state, reason) => {
        emit({ type: 'device-state', device: id, state, ...(reason && { reason }) });
        if (this.isReady) for (const resolve of this.#whenReady.splice(0)) resolve();
        // A call that changes a state is still on its way; what follows from it comes after.
        setImmediate(() => {
          this.#wakeLast();
          dispatcher().pump();
        });
      },
      onCanary: ({ id }, ok) => emit({ type: 'canary', device: id, ok }),
      isLast: (device) => !this.#devices.some((other) => other !== device && isAlive(other) && !isOutOfReach(other)),
    };
  }

  /** With no device left that works, those that rest are tried after all. */
  #wakeLast(): void {
    if (this.#devices.some(isAlive)) return;
    for (const device of this.#devices) device.wake();
  }
}

/** A host that may be gone for good is no reason to rest a device of this one. */
function isOutOfReach({ isRemote, state }: Device): boolean {
  return isRemote && (state === 'down' || state === 'starting');
}

function isAlive({ state }: Device): boolean {
  return state === 'ready' || state === 'draining' || state === 'starting' || state === 'down';
}
