import { expect, it } from 'vitest';
import type { Log } from '../../router/log.js';
import { createQuietWarnings } from '../../router/quiet-warnings.js';

it('writes one warning of a kind per interval and then says how many were left out', () => {
  const written: unknown[][] = [];
  let now = 0;
  const warnings = createQuietWarnings(
    { warn: (...line: unknown[]) => written.push(line) } as unknown as Log,
    100,
    () => now,
  );
  for (let count = 0; count < 5; count++) warnings.warn('refused', { code: 'OVERLOADED' });
  warnings.warn('other', {});
  now = 100;
  warnings.warn('refused', { code: 'OVERLOADED' });
  expect(written).toEqual([
    [{ code: 'OVERLOADED' }, 'refused'],
    [{}, 'other'],
    [{ code: 'OVERLOADED', leftOut: 4 }, 'refused'],
  ]);
});
