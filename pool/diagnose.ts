import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Config } from '#config';
import { missingProviderFiles, runtimeLibraryDir, runtimeVersion } from './engine/cuda/provider-files.js';
import type { RuntimeDoor } from './engine/engine.js';
import { findGpus, type MachineGpu } from './machine-gpus.js';
import { openPool } from './open-pool.js';
import type { Pool } from './pool.js';

/** What one device made of a crop whose text is known. */
export interface SelfTest {
  readonly device: string;
  readonly isRight: boolean;
  /** From nothing to the right answer, compiling included. */
  readonly readyMs: number;
  readonly reason: string | null;
  /** CUDA: how it reached the runtime, and why not by the C API. */
  readonly runtimeDoor?: RuntimeDoor;
  readonly runtimeDoorReason?: string;
  /** CUDA: why it does not detect the layout of pages, where it does not. */
  readonly detectorReason?: string;
}

/** What this machine has for CUDA, and what is missing. */
export interface CudaFindings {
  readonly gpus: readonly MachineGpu[];
  /** Version of the driver; null where `nvidia-smi` is missing or fails. */
  readonly driver: string | null;
  readonly libraryDir: string;
  readonly runtimeVersion: string;
  readonly missingFiles: readonly string[];
  /** Libraries of CUDA and cuDNN that the provider needs and the loader does not find. */
  readonly missingLibraries: readonly string[];
}

const patienceMs = 10_000;
/** A large model is compiled first. */
const startPatienceMs = 300_000;

export function findCuda(environment: NodeJS.ProcessEnv): CudaFindings {
  const libraryDir = runtimeLibraryDir();
  const missingFiles = missingProviderFiles(libraryDir);
  const driver = tellOf('nvidia-smi', ['--query-gpu=driver_version', '--format=csv,noheader']);
  const provider = join(libraryDir, 'libonnxruntime_providers_cuda.so');
  return {
    gpus: findGpus(environment),
    driver: driver?.split('\n')[0].trim() ?? null,
    libraryDir,
    runtimeVersion: runtimeVersion(),
    missingFiles,
    missingLibraries: missingFiles.length > 0 ? [] : parseMissingLibraries(tellOf('ldd', [provider]) ?? ''),
  };
}

/** Names that `ldd` could not resolve. */
export function parseMissingLibraries(text: string): string[] {
  return [...text.matchAll(/^\s*(\S+) => not found/gm)].map(([, name]) => name);
}

/** What to do so that this machine's GPUs can be used, most urgent first; nothing where all is well or there is none. */
export function adviseCuda(findings: CudaFindings): string[] {
  const { gpus, driver, libraryDir, missingFiles, missingLibraries } = findings;
  if (driver === null) return [];
  if (gpus.length === 0)
    return ['CUDA_VISIBLE_DEVICES hides every GPU of this machine; unset it or list the wanted ones.'];
  if (missingFiles.length > 0) {
    const wheel = `onnxruntime-gpu==${findings.runtimeVersion}`;
    return [
      `The CUDA provider of ONNX Runtime is missing (${missingFiles.join(', ')}). Get it from the Python package of the same version:`,
      `  pip download --no-deps --only-binary=:all: --platform manylinux_2_28_x86_64 --python-version 3.11 -d /tmp/ort ${wheel}`,
      `  unzip -oj /tmp/ort/onnxruntime_gpu-*.whl ${missingFiles.map((name) => `'*/${name}'`).join(' ')} -d ${libraryDir}`,
    ];
  }
  if (missingLibraries.length > 0) {
    return [
      `The CUDA provider needs libraries the loader does not find: ${missingLibraries.join(', ')}.`,
      'Install CUDA 13 and cuDNN 9, or add the folder that holds them to LD_LIBRARY_PATH.',
    ];
  }
  return [];
}

/** Starts a device as the server does, which makes it read a known crop, and ends it. */
export async function testDevice(config: Config, device: string): Promise<SelfTest> {
  const startedAt = performance.now();
  const devices = { ...config.devices, use: [device] };
  const quick = { ...config, devices: { ...devices, threadsPerDevice: 1 } };
  const outcome = (reason: string | null): SelfTest => ({
    device,
    isRight: reason === null,
    readyMs: performance.now() - startedAt,
    reason,
  });
  try {
    const pool = await openPool({ config: quick });
    try {
      const failure = await untilReady(pool);
      const [{ runtimeDoor, runtimeDoorReason, detectorReason }] = pool.devices();
      return { ...outcome(failure), runtimeDoor, runtimeDoorReason, detectorReason };
    } finally {
      await pool.close({ drainMs: 0 });
    }
  } catch (error) {
    return outcome((error as Error).message);
  }
}

/** Null once the device is ready, else why it went down first or that it took too long. */
function untilReady(pool: Pool): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(`not ready after ${startPatienceMs / 1000} s`), startPatienceMs);
    const leave = pool.onEvent((event) => {
      if (event.type === 'device-state' && (event.state === 'down' || event.state === 'broken')) {
        settle(() => resolve(event.reason ?? `the device is ${event.state}`));
      }
    });
    const settle = (end: () => void) => {
      clearTimeout(timer);
      leave();
      end();
    };
    pool.whenReady().then(
      () => settle(() => resolve(null)),
      (error: Error) => settle(() => reject(error)),
    );
  });
}

function tellOf(program: string, parameters: readonly string[]): string | null {
  const { status, stdout } = spawnSync(program, parameters, { timeout: patienceMs, encoding: 'utf8' });
  return status === 0 ? stdout : null;
}
