import { availableParallelism, totalmem } from 'node:os';
import type { DeviceSettings } from '#config';
import { ConfigError } from '#config';

/** A device to use, before it is opened. */
export interface PlannedDevice {
  /** `cpu:0`, `cuda:1`. */
  readonly id: string;
  readonly kind: 'cpu' | 'cuda';
  readonly target: { readonly kind: 'cpu' } | { readonly kind: 'cuda'; readonly index: number };
  readonly isolation: 'thread' | 'process';
  readonly shardCount: number;
  /** Threads of one shard's operators. */
  readonly threadCount: number;
  /** Bytes one shard's KV cache may take. */
  readonly kvBytes: number;
}

export interface Machine {
  readonly coreCount: number;
  readonly memoryBytes: number;
}

/** This machine; containers' limits on cores are respected by Node. */
export function thisMachine(): Machine {
  return { coreCount: availableParallelism(), memoryBytes: totalmem() };
}

/** Part of the memory that the KV caches of all CPU shards share. */
const kvShare = 1 / 8;
const mostKvBytes = 4 * 1024 ** 3;

/** Devices from the settings; several `cpu` entries share the cores. Throws ConfigError for devices it cannot use. */
export function planDevices(settings: DeviceSettings, machine: Machine): PlannedDevice[] {
  const names = settings.use.length > 0 ? settings.use : ['cpu'];
  const cpuCount = names.filter((name) => name.toLowerCase() === 'cpu').length;
  let cpuIndex = 0;
  return names.map((name): PlannedDevice => {
    if (name.toLowerCase() !== 'cpu') {
      throw new ConfigError([{ path: 'devices.use', reason: `${name}: this build computes on the CPU only` }]);
    }
    const shardCount = settings.threadsPerDevice || 1;
    const share = cpuCount * shardCount;
    return {
      id: `cpu:${cpuIndex++}`,
      kind: 'cpu',
      target: { kind: 'cpu' },
      isolation: settings.isolation === 'auto' ? 'thread' : settings.isolation,
      shardCount,
      threadCount: settings.cpuThreads || Math.max(1, Math.floor(machine.coreCount / share)),
      kvBytes: Math.min(mostKvBytes, machine.memoryBytes * kvShare) / share,
    };
  });
}
