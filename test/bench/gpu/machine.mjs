// What the machine says about a server and its GPUs.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Processor seconds of one process, its children left out. */
export function mainCpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Name and memory in use of each GPU, in megabytes; empty where there is no nvidia-smi. */
export function readGpus() {
  try {
    const text = execFileSync('nvidia-smi', ['--query-gpu=index,name,memory.used', '--format=csv,noheader,nounits'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text
      .trim()
      .split('\n')
      .map((line) => line.split(',').map((field) => field.trim()))
      .map(([index, name, usedMb]) => ({ id: `cuda:${index}`, name, usedMb: Number(usedMb) }));
  } catch {
    return [];
  }
}

/** For a note under a table. */
export function describeGpus() {
  const gpus = readGpus();
  return gpus.length === 0 ? 'No GPU here.' : `GPUs: ${gpus.map(({ id, name }) => `${id} ${name}`).join(', ')}.`;
}
