import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { DeviceHost, HostListener } from './device-host.js';
import { createRecordingGate } from './engine/cuda/native/recording-lock.js';
import type { ShardTask } from './engine/shard-worker.js';
import type { ShardReport, ShardSetup } from './protocol.js';

/** One for all devices whose threads live in this process. */
const recordingGate = createRecordingGate();

const workerPath = fileURLToPath(new URL('./engine/shard-worker.js', import.meta.url));

/**
 * Opens the shards of a device as threads of this process: a Piscina with a thread for each, whose one task lasts as
 * long as the shard. The threads are never ended during a run: they are told to stop, and the Piscina goes when every
 * task has ended.
 */
export function openThreadHost(setups: readonly ShardSetup[], listener: HostListener): DeviceHost {
  const threads = new Piscina({
    filename: workerPath,
    minThreads: setups.length,
    maxThreads: setups.length,
    concurrentTasksPerWorker: 1,
    // A shard listens to its port while it has nothing to do, so it must not sleep on an atomic.
    atomics: 'disabled',
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  // A thread that dies without a task is of no interest; unheard, the event would end the process.
  threads.on('error', () => {});
  let isLeft = false;
  const ports: MessagePort[] = [];
  const tasks = setups.map((setup) => {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1);
    port1.on('message', (report: ShardReport) => {
      if (!isLeft) listener.onReport(setup.shard, report);
    });
    const task: ShardTask = { setup, port: port2, recordingGate };
    return threads.run(task, { transferList: [port2] }).then(
      () => exit(`shard ${setup.shard} ended`),
      (error: unknown) => exit(`shard ${setup.shard} died: ${error instanceof Error ? error.message : String(error)}`),
    );
  });

  function exit(reason: string): void {
    if (isLeft) return;
    // Reports that a dying shard posted may still be on their way.
    setImmediate(() => {
      if (isLeft) return;
      isLeft = true;
      void end();
      listener.onExit({ reason, isOutsideKill: false });
    });
  }

  let ending: Promise<void> | null = null;
  function end(): Promise<void> {
    ending ??= (async () => {
      for (const port of ports) {
        port.postMessage({ type: 'stop' });
        port.unref();
      }
      await Promise.all(tasks);
      for (const port of ports) port.close();
      await threads.destroy();
    })();
    return ending;
  }

  return {
    post(shard, request) {
      const place = setups.findIndex((setup) => setup.shard === shard);
      if (!isLeft) ports[place].postMessage(request);
    },
    close() {
      isLeft = true;
      return end();
    },
    kill() {
      isLeft = true;
      void end();
    },
  };
}
