import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** One GPU as `nvidia-smi` sees it at a moment; NaN where the card does not tell. */
export interface GpuReading {
  readonly index: string;
  readonly uuid: string;
  /** Share of the last sample period in which a kernel ran, 0 to 1. */
  readonly utilization: number;
  readonly memoryUsedBytes: number;
  readonly memoryBytes: number;
  readonly powerWatts: number;
  readonly temperatureCelsius: number;
}

const fields = [
  'index',
  'uuid',
  'utilization.gpu',
  'memory.used',
  'memory.total',
  'power.draw',
  'temperature.gpu',
] as const;

const run = promisify(execFile);

/** Asks `nvidia-smi` once; rejects where it is missing or takes longer than two seconds. */
export async function readGpus(): Promise<GpuReading[]> {
  const { stdout } = await run('nvidia-smi', [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'], {
    timeout: 2000,
    maxBuffer: 1024 * 1024,
  });
  return parseGpuReadings(stdout);
}

/** Reads the CSV of `nvidia-smi` in the order of the fields above: percent, MiB and watts become base units. */
export function parseGpuReadings(csv: string): GpuReading[] {
  const rows = csv.split('\n').map((line) => line.split(',').map((cell) => cell.trim()));
  return rows
    .filter((row) => row.length === fields.length)
    .map(([index, uuid, utilization, used, total, power, temperature]) => ({
      index: index ?? '',
      uuid: uuid ?? '',
      utilization: numberOf(utilization) / 100,
      memoryUsedBytes: numberOf(used) * 1024 ** 2,
      memoryBytes: numberOf(total) * 1024 ** 2,
      powerWatts: numberOf(power),
      temperatureCelsius: numberOf(temperature),
    }));
}

/** `[N/A]` and `[Not Supported]` are no numbers. */
function numberOf(cell: string | undefined): number {
  return cell === undefined || cell === '' ? Number.NaN : Number(cell);
}
