import { availableParallelism, totalmem } from 'node:os';
import type { Config } from '#config';
import { adviseCuda, type CudaFindings, findCuda, type SelfTest, testDevice } from '#pool';
import { type ExitCode, exitCodes } from './commands/exit-code.js';
import { quireVersion } from './quire-version.js';

/** Looks at the machine, tests its devices one after another, and prints what it found. */
export async function examine(config: Config, isJson: boolean): Promise<ExitCode> {
  const cuda = findCuda(process.env);
  const advice = adviseCuda(cuda);
  const isUsable = cuda.missingFiles.length + cuda.missingLibraries.length === 0;
  const found = [...(isUsable ? cuda.gpus.map(({ index }) => `cuda:${index}`) : []), 'cpu'];
  if (!isJson) process.stdout.write(describeMachine(cuda, advice));
  const tests: SelfTest[] = [];
  for (const device of config.devices.use.length > 0 ? config.devices.use : found) {
    const test = await testDevice(config, device);
    tests.push(test);
    if (!isJson) process.stdout.write(describeTest(test));
  }
  if (isJson) process.stdout.write(`${JSON.stringify({ quire: quireVersion(), cuda, advice, tests }, null, 2)}\n`);
  return tests.every(({ isRight }) => isRight) ? exitCodes.done : exitCodes.failed;
}

const gib = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
const row = (label: string, value: string) => `${label.padEnd(14)}${value}\n`;

/** The findings as lines of a table, then what to do. */
export function describeMachine(cuda: CudaFindings, advice: readonly string[]): string {
  const lines = [
    row('Quire', `${quireVersion()}, Node ${process.version}, ${process.platform} ${process.arch}`),
    row('Machine', `${availableParallelism()} cores, ${gib(totalmem())}`),
    row('Driver', cuda.driver ?? 'no NVIDIA driver (nvidia-smi does not answer)'),
    ...cuda.gpus.map(({ index, uuid, memoryBytes, freeBytes }) =>
      row(`cuda:${index}`, `${gib(freeBytes)} free of ${gib(memoryBytes)}, ${uuid}`),
    ),
    row('ONNX Runtime', `${cuda.runtimeVersion}, CUDA provider ${providerState(cuda)}`),
  ];
  return [...lines, ...advice.map((line) => `${line}\n`), '\n'].join('');
}

function providerState({ missingFiles, missingLibraries }: CudaFindings): string {
  if (missingFiles.length > 0) return 'not installed';
  return missingLibraries.length > 0 ? `lacks ${missingLibraries.join(', ')}` : 'installed';
}

const doors = { 'c-api': 'through the C API', addon: 'through the Node addon' } as const;

export function describeTest(test: SelfTest): string {
  const { device, isRight, readyMs, reason, runtimeDoor, runtimeDoorReason, detectorReason } = test;
  const seconds = `${(readyMs / 1000).toFixed(1)} s`;
  if (!isRight) return row(device, `FAILED after ${seconds}: ${reason}`);
  const door = runtimeDoor ? `, ${doors[runtimeDoor]}` : '';
  const why = runtimeDoorReason ? row('', `the C API, which is faster, failed: ${runtimeDoorReason}`) : '';
  const detector = detectorReason ? row('', `pages will be laid out on the CPU: ${detectorReason}`) : '';
  return row(device, `read a known crop right, ${seconds} from start${door}`) + why + detector;
}
