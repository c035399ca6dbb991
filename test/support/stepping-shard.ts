import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import runShard from '../../pool/engine/shard-worker.js';
import type { ShardReport, ShardSetup } from '../../pool/protocol.js';

/** A module whose engine steps for ever; `more` are further members of it. */
const engineModule = (more: string) =>
  `data:text/javascript,${encodeURIComponent(`export const openEngine = async () => ({
    capacity: { maxBatch: 1, kvBlocksTotal: 1 },
    hasWork: true,
    admit() {},
    cancel() {},
    step: async () => ({ events: [], report: {} }),
    close: async () => {},
    ${more}
  });`)}`;

/** Runs a real shard over such an engine, and gives what it reported until it ended. `hear` is told as it comes. */
export async function reportsOfShard(
  setup: Partial<ShardSetup>,
  hear: (report: ShardReport, post: (request: object) => void, reports: readonly ShardReport[]) => void,
  more = '',
): Promise<ShardReport[]> {
  const { port1, port2 } = new MessageChannel();
  const reports: ShardReport[] = [];
  port1.on('message', (report: ShardReport) => {
    reports.push(report);
    hear(report, (request) => port1.postMessage(request), reports);
  });
  const closed = once(port1, 'close');
  const whole = { shard: 0, life: 1, faults: [], engineModule: engineModule(more), ...setup };
  await runShard({ setup: whole as unknown as ShardSetup, port: port2 });
  await closed;
  return reports;
}
