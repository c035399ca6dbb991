import { spawnSync } from 'node:child_process';

/** A CUDA device this process may use. */
export interface MachineGpu {
  /** As CUDA counts the visible devices. */
  readonly index: number;
  readonly uuid: string;
  /** Such as `NVIDIA H200`. */
  readonly name: string;
  readonly memoryBytes: number;
  readonly freeBytes: number;
}

const fields = ['index', 'uuid', 'name', 'memory.total', 'memory.free'];
const bytesOfMib = 1024 ** 2;
const patienceMs = 10_000;

/** The GPUs of this machine as `nvidia-smi` tells; none where there is no such program or it fails. */
export function findGpus(environment: NodeJS.ProcessEnv): MachineGpu[] {
  const query = [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];
  const { status, stdout } = spawnSync('nvidia-smi', query, { timeout: patienceMs, encoding: 'utf8' });
  return status === 0 ? visibleGpus(parseGpus(stdout), environment.CUDA_VISIBLE_DEVICES) : [];
}

export function parseGpus(text: string): MachineGpu[] {
  return text.split('\n').flatMap((line) => {
    const [index, uuid, name, total, free] = line.split(',').map((value) => value.trim());
    if (!uuid?.startsWith('GPU-')) return [];
    const bytes = (value: string) => (Number.isFinite(Number(value)) ? Number(value) * bytesOfMib : 0);
    return [{ index: Number(index), uuid, name, memoryBytes: bytes(total), freeBytes: bytes(free) }];
  });
}

/** The devices CUDA_VISIBLE_DEVICES leaves, numbered as it lists them; like CUDA it ends at the first unknown one. */
export function visibleGpus(gpus: readonly MachineGpu[], visible: string | undefined): MachineGpu[] {
  if (visible === undefined) return [...gpus];
  const chosen: MachineGpu[] = [];
  for (const name of visible.split(',').map((part) => part.trim())) {
    const gpu = gpus.find(({ index, uuid }) => name === String(index) || (name.length > 4 && uuid.startsWith(name)));
    if (!gpu) break;
    chosen.push({ ...gpu, index: chosen.length });
  }
  return chosen;
}
