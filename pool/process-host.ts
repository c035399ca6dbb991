import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DeviceHost, HostExit, HostListener } from './device-host.js';
import { openPixelFiles } from './pixel-files.js';
import type { HostReport, HostRequest, ShardRequest, ShardSetup } from './protocol.js';

const childPath = fileURLToPath(new URL('./process-host-child.js', import.meta.url));
/** Pictures smaller than this go through the channel: a file would cost more. */
const leastFileBytes = 64 * 1024;
/** Time a process gets to end by itself. */
const patienceMs = 10_000;
/** Signals that come from an operator or the kernel, not from what the process did. */
const outsideSignals: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']);

/** Opens the shards of a device in a process of its own, which can die, or be killed, alone. */
export function openProcessHost(setups: readonly ShardSetup[], listener: HostListener): DeviceHost {
  const files = openPixelFiles();
  // CUDA numbers devices as nvidia-smi does.
  const env = { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', ...process.env };
  const child = fork(childPath, { env, serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let isLeft = false;
  const gone = new Promise<HostExit>((resolve) => {
    child.once('error', (error) =>
      resolve({ reason: `its process did not start: ${error.message}`, isOutsideKill: false }),
    );
    child.once('exit', (code, signal) =>
      resolve({
        reason: `its process ended with ${signal ?? `code ${code}`}`,
        isOutsideKill: signal !== null && outsideSignals.has(signal),
      }),
    );
  });
  void gone.then((exit) => {
    files.close();
    if (isLeft) return;
    isLeft = true;
    listener.onExit(exit);
  });

  const send = (request: HostRequest): void => {
    // The channel of a dying process fails; its exit says so.
    if (child.connected) child.send(request, () => {});
  };
  child.on('message', (report: HostReport) => {
    if (isLeft) return;
    if (report.type === 'shard') listener.onReport(report.shard, report.report);
    else leave({ reason: report.reason, isOutsideKill: false });
  });

  function leave(exit: HostExit): void {
    isLeft = true;
    child.kill('SIGKILL');
    listener.onExit(exit);
  }

  /** One message after another: a cancellation must not overtake the crop whose pixels are being written. */
  let sending: Promise<void> = Promise.resolve();
  function post(shard: number, request: ShardRequest): void {
    sending = sending.then(async () => {
      if (isLeft) return;
      send({ type: 'shard', shard, request: await withFiles(request) });
    });
  }

  async function withFiles(request: ShardRequest): Promise<ShardRequest> {
    if (request.type === 'admit') {
      const images = await Promise.all(
        request.crop.images.map(async (image) => {
          if ('file' in image) return image;
          const { patches, ...grid } = image;
          const file = await writeLarge(patches);
          return file === null ? image : { ...grid, file };
        }),
      );
      return { ...request, crop: { ...request.crop, images } };
    }
    if (request.type === 'detect' && 'pixels' in request.page) {
      const { pixels, ...size } = request.page;
      const file = await writeLarge(pixels);
      return file === null ? request : { ...request, page: { ...size, file } };
    }
    return request;
  }

  /** Null for what the channel carries as well: little, or anything where the file system is full. */
  async function writeLarge(pixels: Uint8Array): Promise<string | null> {
    return pixels.length < leastFileBytes ? null : files.write(pixels).catch(() => null);
  }

  send({ type: 'open', setups });
  return {
    pid: child.pid,
    post,
    async close() {
      isLeft = true;
      send({ type: 'close' });
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await gone;
      clearTimeout(timer);
    },
    kill() {
      isLeft = true;
      child.kill('SIGKILL');
    },
  };
}
