import { join } from 'node:path';
import koffi from 'koffi';
import type { ElementType } from '#models';
import { runtimeLibraryDir } from '../provider-files.js';
import { loadLibrary } from './load-library.js';

/** An object of the runtime or an address on a device. */
export type Pointer = bigint;

/** Version of the C API that is asked for; it has every function below. */
const apiVersion = 23;
const slotCount = 300;

/**
 * What is called of ONNX Runtime's C API: the place of each function in `struct OrtApi` and its arguments. The struct
 * only grows at its end, so the places hold for every version from `apiVersion` on. Each call but the releases returns
 * a status, null when all is well.
 * (Source: https://github.com/microsoft/onnxruntime/blob/main/include/onnxruntime/core/session/onnxruntime_c_api.h)
 */
const functions = {
  createEnv: [3, 'int level, const char *id, _Out_ void **result'],
  createSession: [7, 'void *env, const char *path, void *options, _Out_ void **result'],
  createSessionOptions: [10, '_Out_ void **result'],
  disableMemPattern: [17, 'void *options'],
  setLogSeverity: [22, 'void *options, int level'],
  setGraphOptimization: [23, 'void *options, int level'],
  setIntraOpThreads: [24, 'void *options, int count'],
  createRunOptions: [39, '_Out_ void **result'],
  createTensor: [
    49,
    'void *memory, void *data, size_t bytes, int64_t *dims, size_t rank, int type, _Out_ void **result',
  ],
  createMemoryInfo: [68, 'const char *name, int allocator, int device, int kind, _Out_ void **result'],
  createAllocator: [131, 'void *session, void *memoryInfo, _Out_ void **result'],
  addSessionConfig: [130, 'void *options, const char *key, const char *value'],
  runWithBinding: [133, 'void *session, void *runOptions, void *binding'],
  createBinding: [134, 'void *session, _Out_ void **result'],
  bindInput: [136, 'void *binding, const char *name, void *value'],
  bindOutput: [137, 'void *binding, const char *name, void *value'],
  addRunConfig: [165, 'void *options, const char *key, const char *value'],
  appendCuda: [204, 'void *sessionOptions, void *cudaOptions'],
  createCudaOptions: [205, '_Out_ void **result'],
  updateCudaOptions: [206, 'void *cudaOptions, const char **keys, const char **values, size_t count'],
} as const;

const releases = {
  environment: 92,
  status: 93,
  memoryInfo: 94,
  session: 95,
  value: 96,
  runOptions: 97,
  sessionOptions: 100,
  allocator: 132,
  binding: 135,
  cudaOptions: 208,
} as const;

const messageSlot = 2;

type FunctionName = keyof typeof functions;

/** Element types as the runtime numbers them. */
export const elementTypes: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};

/** The C API of the runtime's own library, the one the Node addon has loaded. */
export interface OrtLibrary {
  /** Calls a function; throws its message. */
  call(name: FunctionName, ...parameters: readonly unknown[]): void;
  /** Calls a function that makes something and returns it. */
  create(name: FunctionName, ...parameters: readonly unknown[]): Pointer;
  release(what: keyof typeof releases, pointer: Pointer): void;
}

/** Opens the library; throws where it or its version is not what is expected. */
export function openOrtLibrary(): OrtLibrary {
  const file = process.platform === 'win32' ? 'onnxruntime.dll' : 'libonnxruntime.so.1';
  const library = loadLibrary(join(runtimeLibraryDir(), file));
  const base = library.func('void *OrtGetApiBase()')();
  const getApi = koffi.decode(koffi.decode(base, 0, 'void *'), koffi.proto('void *(uint32_t version)'));
  const api = getApi(apiVersion);
  if (!api) throw new Error(`the library has no C API of version ${apiVersion}`);
  const table = koffi.decode(api, koffi.array('void *', slotCount, 'Array')) as Pointer[];
  const at = (slot: number, signature: string) => koffi.decode(table[slot], koffi.proto(signature));
  const message = at(messageSlot, 'const char *(void *status)');
  const called = Object.fromEntries(
    Object.entries(functions).map(([name, [slot, parameters]]) => [name, at(slot, `void *(${parameters})`)]),
  );
  const released = Object.fromEntries(
    Object.entries(releases).map(([name, slot]) => [name, at(slot, 'void (void *pointer)')]),
  );
  const call = (name: FunctionName, ...parameters: readonly unknown[]) => {
    const status = called[name](...parameters);
    if (!status) return;
    const text = message(status) as string;
    released.status(status);
    throw new Error(text);
  };
  return {
    call,
    create(name, ...parameters) {
      const result: [Pointer | null] = [null];
      call(name, ...parameters, result);
      return result[0] as Pointer;
    },
    release: (what, pointer) => released[what](pointer),
  };
}
