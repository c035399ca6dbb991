import { expect, it } from 'vitest';
import { readFaults } from '../../../pool/fault-injection.js';
import type { ShardReport } from '../../../pool/protocol.js';
import { reportsOfShard } from '../../support/stepping-shard.js';

async function reportsOf(fault: string, count: number): Promise<ShardReport[]> {
  const setup = { deviceId: 'cuda:0', faults: readFaults('cuda-fault:step=2', 'test') };
  const reports = await reportsOfShard(
    setup,
    (_, post, all) => {
      if (all.length === count) post({ type: 'stop' });
    },
    fault,
  );
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
