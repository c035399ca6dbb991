import { expect, it } from 'vitest';
import { chooseTarget } from '../../../models/compile/compile-target.js';
import { manifestSchema } from '../../../models/manifest.js';

it('follows the manifest where the settings say auto, and the settings elsewhere', () => {
  const plain = manifestSchema.parse({});
  const quick = manifestSchema.parse({ precision: { cpu: 'int8' } });
  expect(chooseTarget(plain, 'cpu', 'auto')).toEqual({ device: 'cpu', precision: 'fp32' });
  expect(chooseTarget(plain, 'cuda', 'auto')).toEqual({ device: 'cuda', precision: 'fp16' });
  expect(chooseTarget(quick, 'cpu', 'auto')).toEqual({ device: 'cpu', precision: 'int8' });
  expect(chooseTarget(quick, 'cpu', 'fp32')).toEqual({ device: 'cpu', precision: 'fp32' });
});

it('refuses arithmetic a device has no graphs for', () => {
  expect(() => chooseTarget(manifestSchema.parse({}), 'cpu', 'fp16')).toThrow(/fp16 is not available on cpu/);
  expect(() => chooseTarget(manifestSchema.parse({}), 'cuda', 'int8')).toThrow(
    expect.objectContaining({ code: 'COMPILE_FAILED' }),
  );
});
