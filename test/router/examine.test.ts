import { expect, it } from 'vitest';
import { describeMachine, describeTest } from '../../router/examine.js';

const cuda = {
  gpus: [{ index: 0, uuid: 'GPU-a1', name: 'NVIDIA H200', memoryBytes: 141 * 1024 ** 3, freeBytes: 139.5 * 1024 ** 3 }],
  driver: '580.159.04',
  libraryDir: '/lib',
  runtimeVersion: '1.30.0',
  missingFiles: [],
  missingLibraries: [],
};

it('lists driver, GPUs and the state of the provider, then what to do', () => {
  const sound = describeMachine(cuda, []);
  expect(sound).toMatch(/Driver +580\.159\.04\n/);
  expect(sound).toMatch(/cuda:0 +139\.5 GiB free of 141\.0 GiB, GPU-a1\n/);
  expect(sound).toMatch(/CUDA provider installed\n/);
  const broken = describeMachine({ ...cuda, missingFiles: ['x.so'] }, ['Get it so.']);
  expect(broken).toMatch(/CUDA provider not installed\nGet it so\.\n/);
  expect(describeMachine({ ...cuda, missingLibraries: ['libcudnn.so.9'] }, [])).toContain('lacks libcudnn.so.9');
  expect(describeMachine({ ...cuda, driver: null, gpus: [] }, [])).toContain('no NVIDIA driver');
});

it('tells how long a device took, or why it failed', () => {
  expect(describeTest({ device: 'cpu', isRight: true, readyMs: 2140, reason: null })).toMatch(/cpu +read .* 2\.1 s/);
  const right = { device: 'cuda:0', isRight: true, readyMs: 900, reason: null } as const;
  expect(describeTest({ ...right, runtimeDoor: 'c-api' })).toMatch(/cuda:0 +read .* through the C API\n$/);
  expect(describeTest({ ...right, runtimeDoor: 'addon', runtimeDoorReason: 'no libcudart' })).toContain('no libcudart');
  expect(describeTest({ ...right, detectorReason: 'no memory' })).toMatch(/laid out on the CPU: no memory\n$/);
  expect(describeTest({ device: 'cuda:0', isRight: false, readyMs: 100, reason: 'error 35' })).toMatch(
    /FAILED.*error 35/,
  );
});
