import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  unlinkSync,
  write as writeBytes,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A folder in memory through which pixels go to one process. The reader takes a file with `takePixels`. */
export interface PixelFiles {
  /** Gives the path of the file. */
  write(pixels: Uint8Array): Promise<string>;
  /** Removes the folder and what a dead reader left in it. */
  close(): void;
}

const prefix = 'quire-pixels';

/** `/dev/shm` is memory on Linux; the folder is for this user only. */
function pixelRoot(): string {
  try {
    readdirSync('/dev/shm');
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

/** Process ids mean something only within their namespace, and containers may share the folder. */
function namespaceId(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  } catch {
    return '0';
  }
}

export function openPixelFiles(root = pixelRoot()): PixelFiles {
  const dir = mkdtempSync(join(root, `${prefix}-${namespaceId()}-${process.pid}-`));
  let count = 0;
  return {
    async write(pixels) {
      const file = join(dir, String(count++));
      await writeWhole(file, pixels);
      return file;
    },
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Reads a file and removes it: it is the reader's now. What a dead reader leaves is swept with its folder. */
export function takePixels(file: string): Uint8Array {
  const { buffer, byteOffset, length } = readFileSync(file);
  unlinkSync(file);
  return new Uint8Array(buffer, byteOffset, length);
}

const writeSome = promisify(writeBytes);

/** One turn of the thread pool instead of three: in memory only the bytes take time, not the opening and closing. */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    for (let end = 0; end < bytes.length; ) {
      end += (await writeSome(descriptor, bytes, end, bytes.length - end, end)).bytesWritten;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Removes folders of processes that are gone; those of other living servers stay. */
export function sweepPixelFiles(root = pixelRoot()): void {
  const own = `${prefix}-${namespaceId()}-`;
  for (const name of readdirSync(root)) {
    if (!name.startsWith(own)) continue;
    const pid = Number(name.slice(own.length).split('-')[0]);
    if (Number.isInteger(pid) && pid > 0 && !isAlive(pid)) rmSync(join(root, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
