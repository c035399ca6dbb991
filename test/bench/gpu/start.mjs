// Start to ready with a cold and with a warm cache of compiled graphs, and the memory of the GPUs.
//   node test/bench/gpu/start.mjs --model DIR [--devices cuda:0] [--shape 1316x728:128]
//
// The cold start writes the graphs into a new folder, which the warm ones find. Files of the model may be in the memory of
// the machine both times. Ready: every device has read the known page right.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readParameters, report, treeMemoryMb } from '../http/kit.mjs';
import { describeGpus, readGpus } from './machine.mjs';
import { measureLoad } from './measure-load.mjs';
import { serve, serverDefaults } from './serve.mjs';

const parameters = readParameters({
  ...serverDefaults,
  devices: 'cuda:0',
  shape: '1316x728:128:128',
  warmStarts: 2,
  seconds: 10,
});
const goalSeconds = 15;
const devices = parameters.devices.split(',');
const [width, height, tokens, inFlight] = parameters.shape.split(/[x:]/).map(Number);
const cache = mkdtempSync(join(tmpdir(), 'quire-start-'));
const gpusBefore = readGpus();
const memoryOf = () => {
  const gpus = readGpus().filter(({ id }) => devices.includes(id));
  const before = (id) => gpusBefore.find((gpu) => gpu.id === id).usedMb;
  return gpus.length === 0 ? 'no GPU' : gpus.map(({ id, usedMb }) => usedMb - before(id)).join(' + ');
};
const rows = [];
try {
  for (let start = 0; start <= parameters.warmStarts; start++) {
    const from = performance.now();
    const server = await serve({ ...parameters, cache }, devices);
    try {
      const row = {
        start: start === 0 ? 'cold cache' : 'warm cache',
        'ready after s': (performance.now() - from) / 1000,
        'GPU MB when ready': memoryOf(),
        'host MB when ready': treeMemoryMb(server.pid),
      };
      if (start === parameters.warmStarts) {
        const load = { width, height, tokens, inFlight, clients: 2, warmSeconds: 4, seconds: parameters.seconds };
        const { requestsPerSecond } = await measureLoad(server, load);
        Object.assign(row, {
          'requests/s of the load': requestsPerSecond,
          'GPU MB after it': memoryOf(),
          'host MB after it': treeMemoryMb(server.pid),
        });
      }
      rows.push(row);
    } finally {
      await server.close();
    }
  }
} finally {
  rmSync(cache, { recursive: true, force: true });
}
const warm = Math.max(...rows.slice(1).map((row) => row['ready after s']));
// The columns of the last row are those of the table.
const columns = Object.fromEntries(Object.keys(rows.at(-1)).map((name) => [name, '']));
report('gpu-start', {
  parameters,
  tables: { 'Start to ready': rows.map((row) => ({ ...columns, ...row })) },
  notes: [
    describeGpus(),
    `Memory of a GPU is what nvidia-smi says less what it said before the first start.`,
    `Goal with a warm cache: under ${goalSeconds} s; ${warm < goalSeconds ? 'reached' : 'NOT reached'}.`,
  ],
});
