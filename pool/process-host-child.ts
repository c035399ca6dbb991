import type { DeviceHost } from './device-host.js';
import type { HostReport, HostRequest } from './protocol.js';
import { openThreadHost } from './thread-host.js';

// What the process of a device runs: the threads of its shards, and the channel to the pool.

/** Time a run gets to end when the server is gone. */
const orphanMs = 30_000;

let host: DeviceHost | null = null;

function send(report: HostReport): void {
  if (process.connected) process.send?.(report, undefined, undefined, () => {});
}

process.on('message', (message: HostRequest) => {
  if (message.type === 'open') {
    host = openThreadHost(message.setups, {
      onReport: (shard, report) => send({ type: 'shard', shard, report }),
      onExit: ({ reason }) => send({ type: 'exit', reason }),
    });
  } else if (message.type === 'shard') host?.post(message.shard, message.request);
  else void end();
});

// The server is gone, in whatever way: nothing is left to do here. An exit during a run would abort, so it waits.
process.on('disconnect', () => {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), orphanMs).unref();
  void end();
});
// A terminal sends its interrupt to the whole group; the server decides when this process ends.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

async function end(): Promise<void> {
  await host?.close();
  process.exit(0);
}
