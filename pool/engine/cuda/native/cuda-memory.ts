import koffi from 'koffi';
import type { DeviceMark, DeviceMemory } from './device-memory.js';
import { loadLibrary } from './load-library.js';
import type { OrtLibrary, Pointer } from './ort-library.js';

const hostToDevice = 1;
const deviceToHost = 2;
const onDevice = 3;
/** `cudaHostAllocDefault` and `cudaEventDefault`: marks take the time. */
const hostDefault = 0;
const timedEvent = 0;
/** `cudaDevAttrComputeCapabilityMajor`. */
const capabilityMajor = 75;
/** Does not wait for the default stream, nor that one for it. */
const nonBlocking = 1;
/** Calls of this thread stay allowed while another one records a CUDA graph, and do not break its recording. */
const relaxedCapture = 2;
/** `OrtDeviceAllocator` and `OrtMemTypeDefault`. */
const deviceAllocator = 0;
const defaultKind = 0;

export interface CudaMemory extends DeviceMemory {
  /** The stream, for sessions that are to run in it. */
  readonly stream: Pointer;
  /** Its major number: 9 is Hopper. */
  readonly computeCapability: number;
}

/** Memory of a CUDA device with a stream of its own, through the runtime library that the provider has loaded. */
export function openCudaMemory(ort: OrtLibrary, device: number): CudaMemory {
  const library = loadLibrary('libcudart.so.13');
  const errorText = library.func('const char *cudaGetErrorString(int error)');
  const named = (definition: string) => {
    const called = library.func(definition);
    return (...parameters: readonly unknown[]) => {
      const error = called(...parameters) as number;
      if (error !== 0) throw new Error(`CUDA: ${errorText(error)} (${error})`);
    };
  };
  const setDevice = named('int cudaSetDevice(int device)');
  const readAttribute = named('int cudaDeviceGetAttribute(_Out_ int *value, int attribute, int device)');
  const exchangeCaptureMode = named('int cudaThreadExchangeStreamCaptureMode(_Inout_ int *mode)');
  const createStream = named('int cudaStreamCreateWithFlags(_Out_ void **stream, unsigned int flags)');
  const destroyStream = named('int cudaStreamDestroy(void *stream)');
  const synchronize = named('int cudaStreamSynchronize(void *stream)');
  const malloc = named('int cudaMalloc(_Out_ void **pointer, size_t size)');
  const release = named('int cudaFree(void *pointer)');
  const mallocHost = named('int cudaHostAlloc(_Out_ void **pointer, size_t size, unsigned int flags)');
  const releaseHost = named('int cudaFreeHost(void *pointer)');
  const createEvent = named('int cudaEventCreateWithFlags(_Out_ void **event, unsigned int flags)');
  const recordEvent = named('int cudaEventRecord(void *event, void *stream)');
  const waitForEvent = named('int cudaEventSynchronize(void *event)');
  const elapsedTime = named('int cudaEventElapsedTime(_Out_ float *ms, void *start, void *end)');
  const destroyEvent = named('int cudaEventDestroy(void *event)');
  const set = named('int cudaMemsetAsync(void *target, int value, size_t size, void *stream)');
  const copy = named('int cudaMemcpyAsync(void *target, void *source, size_t size, int direction, void *stream)');

  setDevice(device);
  exchangeCaptureMode([relaxedCapture]);
  const major = [0];
  readAttribute(major, capabilityMajor, device);
  const made = (make: (result: [Pointer]) => void): Pointer => {
    const result: [Pointer] = [0n];
    make(result);
    return result[0];
  };
  const stream = made((result) => createStream(result, nonBlocking));
  const events = new WeakMap<DeviceMark, Pointer>();
  const info = ort.create('createMemoryInfo', 'Cuda', deviceAllocator, device, defaultKind);
  return {
    info,
    stream,
    computeCapability: major[0],
    allocate: (byteLength) => made((result) => malloc(result, byteLength)),
    free: (pointer) => release(pointer),
    allocateHost(byteLength) {
      const pointer = made((result) => mallocHost(result, byteLength, hostDefault));
      return { bytes: new Uint8Array(koffi.view(pointer, byteLength)), free: () => releaseHost(pointer) };
    },
    createMark() {
      const event = made((result) => createEvent(result, timedEvent));
      const mark: DeviceMark = {
        set: () => recordEvent(event, stream),
        wait: () => waitForEvent(event),
        msSince(earlier) {
          const ms = [0];
          elapsedTime(ms, events.get(earlier), event);
          return ms[0];
        },
        free: () => destroyEvent(event),
      };
      events.set(mark, event);
      return mark;
    },
    clear: (pointer, byteLength) => set(pointer, 0, byteLength, stream),
    write(pointer, data) {
      if (data.byteLength > 0) copy(pointer, koffi.address(data), data.byteLength, hostToDevice, stream);
    },
    copy(target, source, byteLength) {
      if (byteLength > 0) copy(target, source, byteLength, onDevice, stream);
    },
    read(pointer, data) {
      copy(koffi.address(data), pointer, data.byteLength, deviceToHost, stream);
      synchronize(stream);
    },
    finish: () => synchronize(stream),
    close() {
      destroyStream(stream);
      ort.release('memoryInfo', info);
    },
  };
}
