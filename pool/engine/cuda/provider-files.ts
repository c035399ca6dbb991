import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Files that ONNX Runtime needs beside its library to compute on CUDA. */
export const providerFiles = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'] as const;

/** Folder of the runtime's native libraries on this platform. */
export function runtimeLibraryDir(): string {
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
  return join(dirname(entry), '..', 'bin', 'napi-v6', process.platform, process.arch);
}

/** Version of the runtime; the provider must be of the same. */
export function runtimeVersion(): string {
  const require = createRequire(import.meta.url);
  return (require('onnxruntime-node/package.json') as { version: string }).version;
}

/** The provider's files that are missing. */
export function missingProviderFiles(dir = runtimeLibraryDir()): string[] {
  return providerFiles.filter((name) => !existsSync(join(dir, name)));
}
