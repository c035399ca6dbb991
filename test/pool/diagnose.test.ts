import { expect, it } from 'vitest';
import { adviseCuda, type CudaFindings, parseMissingLibraries } from '../../pool/diagnose.js';

const sound: CudaFindings = {
  gpus: [{ index: 0, uuid: 'GPU-a', name: 'NVIDIA H200', memoryBytes: 1, freeBytes: 1 }],
  driver: '580.1',
  libraryDir: '/lib/ort',
  runtimeVersion: '1.30.0',
  missingFiles: [],
  missingLibraries: [],
};

it('has nothing to say where all is well, or where there is no GPU', () => {
  expect(adviseCuda(sound)).toEqual([]);
  expect(adviseCuda({ ...sound, gpus: [], driver: null, missingFiles: ['a.so'] })).toEqual([]);
});

it('tells the exact commands that fetch a missing provider, of the version of the runtime', () => {
  const advice = adviseCuda({ ...sound, missingFiles: ['libonnxruntime_providers_cuda.so'] }).join('\n');
  expect(advice).toContain('onnxruntime-gpu==1.30.0');
  expect(advice).toMatch(/unzip .*'\*\/libonnxruntime_providers_cuda\.so' -d \/lib\/ort/);
});

it('names libraries that are missing, and hidden GPUs', () => {
  expect(adviseCuda({ ...sound, missingLibraries: ['libcudnn.so.9'] })[0]).toContain('libcudnn.so.9');
  expect(adviseCuda({ ...sound, gpus: [] })[0]).toContain('CUDA_VISIBLE_DEVICES');
});

it('reads what ldd cannot find', () => {
  const text = '\tlibc.so.6 => /lib/libc.so.6 (0x1)\n\tlibcudnn.so.9 => not found\n\tlibcublasLt.so.13 => not found\n';
  expect(parseMissingLibraries(text)).toEqual(['libcudnn.so.9', 'libcublasLt.so.13']);
});
