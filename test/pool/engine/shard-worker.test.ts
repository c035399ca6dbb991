import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { expect, it } from 'vitest';
import runShard from '../../../pool/engine/shard-worker.js';
import { readFaults } from '../../../pool/fault-injection.js';
import type { ShardReport, ShardSetup } from '../../../pool/protocol.js';

/** A module whose engine steps for ever and, when `fault` is given, can be broken. */
const engineModule = (fault: string) =>
  `data:text/javascript,${encodeURIComponent(`export const openEngine = async () => ({
    capacity: { maxBatch: 1, kvBlocksTotal: 1 },
    hasWork: true,
    admit() {},
    cancel() {},
    step: async () => ({ events: [], report: {} }),
    close: async () => {},
    ${fault}
  });`)}`;

async function reportsOf(fault: string, count: number): Promise<ShardReport[]> {
  const { port1, port2 } = new MessageChannel();
  const reports: ShardReport[] = [];
  port1.on('message', (report: ShardReport) => {
    reports.push(report);
    if (reports.length === count) port1.postMessage({ type: 'stop' });
  });
  const faults = readFaults('cuda-fault:step=2', 'test');
  const setup = { deviceId: 'cuda:0', shard: 0, life: 1, faults, engineModule: engineModule(fault) };
  const closed = once(port1, 'close');
  await runShard({ setup: setup as unknown as ShardSetup, port: port2 });
  await closed;
  return reports.slice(0, count);
}

it('breaks the device when cuda-fault strikes, and tells what the device said', async () => {
  const reports = await reportsOf(`fault: async () => { throw new Error('CUDA failure 700') },`, 3);
  expect(reports.map(({ type }) => type)).toEqual(['ready', 'step', 'failed']);
  expect(reports[2]).toMatchObject({ failure: { code: 'DEVICE_LOST', message: 'CUDA failure 700' } });
});

it('leaves engines alone that have no such device', async () => {
  const reports = await reportsOf('', 4);
  expect(reports.map(({ type }) => type)).toEqual(['ready', 'step', 'step', 'step']);
});
