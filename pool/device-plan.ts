import { availableParallelism, totalmem } from 'node:os';
import type { DeviceSettings } from '#config';
import { ConfigError } from '#config';
import { missingProviderFiles } from './engine/cuda/provider-files.js';
import { findGpus, type MachineGpu } from './machine-gpus.js';
import { isRemoteName } from './remote/plan-remotes.js';

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
  /** CUDA devices that may be used. */
  readonly gpus: readonly MachineGpu[];
  /** Whether the runtime has the files it needs to compute on them. */
  readonly hasCudaProvider: boolean;
}

/** This machine; containers' limits on cores are respected by Node. */
export function thisMachine(): Machine {
  return {
    coreCount: availableParallelism(),
    memoryBytes: totalmem(),
    gpus: findGpus(process.env),
    hasCudaProvider: missingProviderFiles().length === 0,
  };
}

/** Part of the memory that the KV caches of all CPU shards share. */
const kvShare = 1 / 8;
const mostKvBytes = 4 * 1024 ** 3;

/** Free memory from which a GPU runs three threads, or two: each has weights and a cache of its own. */
const threeThreadsBytes = 40 * 1024 ** 3;
const twoThreadsBytes = 20 * 1024 ** 3;
/** Part of a CUDA shard's memory that its KV pool takes; weights and activations take the rest. */
const poolShare = 0.4;
/** Part of the free memory of a GPU that is shared out: others may use it too. */
const freeShare = 0.9;

/**
 * Devices of this machine from the settings; several `cpu` entries share the cores, other hosts are left out. Throws
 * ConfigError for devices it cannot use.
 */
export function planDevices(settings: DeviceSettings, machine: Machine): PlannedDevice[] {
  const found = machine.hasCudaProvider && machine.gpus.length > 0 ? ['cuda'] : ['cpu'];
  const names = (settings.use.length > 0 ? settings.use : found).map((name) => name.trim());
  const cpuCount = names.filter((name) => name.toLowerCase() === 'cpu').length;
  let cpuIndex = 0;
  const own = names.filter((name) => !isRemoteName(name));
  const devices = own.flatMap((name): PlannedDevice[] => {
    if (name.toLowerCase() === 'cpu') return [planCpu(cpuIndex++, cpuCount, settings, machine)];
    return findNamed(name, machine).map((gpu) => planCuda(gpu, settings));
  });
  const ids = devices.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice) throw refuse(`${twice} is named twice`);
  return devices;
}

function planCpu(index: number, cpuCount: number, settings: DeviceSettings, machine: Machine): PlannedDevice {
  const shardCount = settings.threadsPerDevice || 1;
  const share = cpuCount * shardCount;
  return {
    id: `cpu:${index}`,
    kind: 'cpu',
    target: { kind: 'cpu' },
    isolation: settings.isolation === 'auto' ? 'thread' : settings.isolation,
    shardCount,
    threadCount: settings.cpuThreads || Math.max(1, Math.floor(machine.coreCount / share)),
    kvBytes: Math.min(mostKvBytes, machine.memoryBytes * kvShare) / share,
  };
}

/** `cuda` is every GPU, `cuda:1` one by its number, `cuda:GPU-…` one by its UUID. */
function findNamed(name: string, { gpus, hasCudaProvider }: Machine): readonly MachineGpu[] {
  if (!hasCudaProvider) {
    throw refuse(`${name}: the CUDA provider of ONNX Runtime is not installed; \`quire doctor\` tells how to get it`);
  }
  const [, which] = name.split(':');
  const matching = gpus.filter(
    ({ index, uuid }) => which === undefined || which === String(index) || uuid.toLowerCase() === which.toLowerCase(),
  );
  if (matching.length === 0) {
    const known = gpus.map(({ index, uuid }) => `cuda:${index} (${uuid})`).join(', ') || 'none';
    throw refuse(`${name}: there is no such GPU; nvidia-smi and CUDA_VISIBLE_DEVICES leave ${known}`);
  }
  return matching;
}

function planCuda({ index, freeBytes }: MachineGpu, settings: DeviceSettings): PlannedDevice {
  const chosen = freeBytes >= threeThreadsBytes ? 3 : freeBytes >= twoThreadsBytes ? 2 : 1;
  const shardCount = settings.threadsPerDevice || chosen;
  const shardBytes = settings.memoryLimitBytes || (freeBytes * freeShare) / shardCount;
  return {
    id: `cuda:${index}`,
    kind: 'cuda',
    target: { kind: 'cuda', index },
    isolation: settings.isolation === 'auto' ? 'process' : settings.isolation,
    shardCount,
    threadCount: 1,
    kvBytes: Math.min(mostKvBytes, shardBytes * poolShare),
  };
}

function refuse(reason: string): ConfigError {
  return new ConfigError([{ path: 'devices.use', reason }]);
}
