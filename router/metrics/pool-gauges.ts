import { Counter, Gauge, type Registry } from 'prom-client';
import type { DeviceState, DeviceStatus, Pool, PoolStats } from '#pool';

const states: readonly DeviceState[] = ['starting', 'ready', 'draining', 'drained', 'down', 'broken'];

/** What is true at the moment of a scrape, read from the pool then: queue, devices, caches. */
export function createPoolGauges(registry: Registry, pool: Pick<Pool, 'stats' | 'devices' | 'isReady'>): void {
  const registers = [registry];
  const ofPool = (name: string, help: string, read: (stats: PoolStats) => number): void => {
    new Gauge({
      name: `quire_${name}`,
      help,
      registers,
      collect() {
        this.set(read(pool.stats()));
      },
    });
  };
  const ofDevice = (name: string, help: string, read: (device: DeviceStatus) => number | undefined): void => {
    new Gauge({
      name: `quire_${name}`,
      help,
      labelNames: ['device'],
      registers,
      collect() {
        // Devices come and go: only those there now have a series.
        this.reset();
        for (const device of pool.devices()) {
          const value = read(device);
          if (value !== undefined) this.set({ device: device.id }, value);
        }
      },
    });
  };
  /** A count that the pool keeps, shown as the counter it is. */
  const countOfDevice = (name: string, help: string, read: (device: DeviceStatus) => number): void => {
    new Counter({
      name: `quire_${name}`,
      help,
      labelNames: ['device'],
      registers,
      collect() {
        this.reset();
        for (const device of pool.devices()) this.inc({ device: device.id }, read(device));
      },
    });
  };

  ofPool('documents_in_flight', 'Documents accepted and not yet answered.', (stats) => stats.documentsInFlight);
  ofPool('pages_in_flight', 'Pages in work.', (stats) => stats.pagesInFlight);
  ofPool('queue_crops', 'Crops that wait for a shard.', (stats) => stats.cropsQueued);
  ofPool('running_crops', 'Crops in a batch.', (stats) => stats.cropsRunning);
  ofPool('queue_cost', 'Cost units that wait.', (stats) => stats.queuedCost);
  ofPool('running_cost', 'Cost units in batches.', (stats) => stats.runningCost);
  ofPool('held_bytes', 'Bytes of input and pixels held.', (stats) => stats.bytesHeld);
  ofPool(
    'prepare_queue_tasks',
    'Pages, crops and pictures that wait for a prepare thread.',
    (stats) => stats.prepareQueued,
  );
  ofPool('prepare_running_tasks', 'Pages, crops and pictures being decoded or cut.', (stats) => stats.prepareRunning);
  ofPool('predicted_wait_seconds', 'Wait that a new crop would have.', (stats) => stats.predictedWaitMs / 1000);
  new Gauge({
    name: 'quire_ready',
    help: '1 while at least one device has read the known page right and takes work.',
    registers,
    collect() {
      this.set(pool.isReady() ? 1 : 0);
    },
  });

  new Gauge({
    name: 'quire_device_state',
    help: '1 for the state a device is in, 0 for the others.',
    labelNames: ['device', 'state'],
    registers,
    collect() {
      this.reset();
      for (const device of pool.devices()) {
        for (const state of states) this.set({ device: device.id, state }, device.state === state ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'quire_device_runtime_door',
    help: '1 for the way by which a CUDA device reaches ONNX Runtime: c-api, or the slower addon.',
    labelNames: ['device', 'door'],
    registers,
    collect() {
      this.reset();
      for (const { id, runtimeDoor } of pool.devices()) if (runtimeDoor) this.set({ device: id, door: runtimeDoor }, 1);
    },
  });
  ofDevice('device_shards', 'Shards of a device.', (device) => device.shardCount);
  ofDevice('device_running_crops', 'Crops in the batches of a device.', (device) => device.runningCount);
  ofDevice(
    'device_outstanding_cost',
    'Cost units given to a device and not finished.',
    (device) => device.outstandingCost,
  );
  ofDevice('kv_blocks_used', 'Blocks of the KV cache in use.', (device) => device.kvBlocksUsed);
  ofDevice('kv_blocks', 'Blocks of the KV cache.', (device) => device.kvBlocksTotal);
  ofDevice('canary_age_seconds', 'Time since the known page was last read right.', ({ canaryOkAt }) =>
    canaryOkAt === undefined ? undefined : Math.max(0, (Date.now() - canaryOkAt) / 1000),
  );
  countOfDevice('device_restarts_total', 'Restarts of a device.', (device) => device.restartCount);
  countOfDevice('canary_mismatches_total', 'Wrong readings of the known page.', (device) => device.canaryMismatchCount);
}
