import { describe, expect, it } from 'vitest';
import { configSchema } from '../../config/index.js';
import { readFaults, refuseUnreachable, strikes } from '../../pool/fault-injection.js';
import { openPool } from '../../pool/open-pool.js';

describe('reading QUIRE_FAULTS', () => {
  it('is nothing when it is not set', () => {
    expect(readFaults(undefined, 'production')).toEqual([]);
  });

  it('reads kinds and conditions', () => {
    expect(readFaults('kill-process:device=cpu:1,step=20; throw:patches=120', 'test')).toEqual([
      { kind: 'kill-process', device: 'cpu:1', step: 20 },
      { kind: 'throw', patches: 120 },
    ]);
  });

  it('is refused in production', () => {
    expect(() => readFaults('throw', 'production')).toThrow(/production/);
  });

  it.each(['explode', 'throw:step=soon', 'throw:step=', 'throw:colour=red'])('does not understand %s', (text) => {
    expect(() => readFaults(text, 'test')).toThrow(/QUIRE_FAULTS/);
  });
});

describe('a fault of CUDA', () => {
  const devices = [
    { id: 'cuda:0', kind: 'cuda' },
    { id: 'cpu:0', kind: 'cpu' },
  ];
  it.each([
    ['cuda-fault', true],
    ['cuda-fault:device=cuda:0', true],
    ['cuda-fault:device=cuda:1', false],
    ['throw;cuda-fault:device=cpu:0', false],
    ['throw:device=cpu:7', true],
  ])('%s can strike: %s', (text, expected) => {
    const check = () => refuseUnreachable(readFaults(text, 'test'), devices);
    if (expected) expect(check).not.toThrow();
    else expect(check).toThrow(/QUIRE_FAULTS.*cuda:0, cpu:0/);
  });

  it('is refused at the start where there are only CPUs', async () => {
    process.env.QUIRE_FAULTS = 'cuda-fault';
    try {
      await expect(openPool({ config: configSchema.parse({ devices: { use: ['cpu'] } }) })).rejects.toThrow(
        /cuda-fault strikes CUDA devices/,
      );
    } finally {
      delete process.env.QUIRE_FAULTS;
    }
  });
});

describe('striking', () => {
  const moment = {
    deviceId: 'cpu:0',
    shard: 0,
    life: 1,
    step: 5,
    ageMs: 1000,
    crops: [{ images: [{ gridHeight: 4, gridWidth: 30, patches: new Uint8Array() }] }],
  };
  it.each([
    [{}, true],
    [{ device: 'cpu:0' }, true],
    [{ device: 'cpu:1' }, false],
    [{ shard: 1 }, false],
    [{ step: 5 }, true],
    [{ step: 6 }, false],
    [{ detection: 1 }, false],
    [{ afterMs: 2000 }, false],
    [{ patches: 120 }, true],
    [{ patches: 121 }, false],
    [{ lives: 1 }, true],
    [{ chance: 0.4 }, false],
    [{ chance: 0.6 }, true],
  ])('under %j: %s', (conditions, expected) => {
    expect(strikes({ kind: 'throw', ...conditions }, moment, () => 0.5)).toBe(expected);
  });

  it('strikes at a run of the detector only what was meant for it', () => {
    const detecting = { ...moment, detection: 2 };
    expect(strikes({ kind: 'throw' }, detecting)).toBe(false);
    expect(strikes({ kind: 'throw', detection: 1 }, detecting)).toBe(false);
    expect(strikes({ kind: 'throw', detection: 2 }, detecting)).toBe(true);
  });

  it('spares later lives when told so', () => {
    expect(strikes({ kind: 'throw', lives: 1 }, { ...moment, life: 2 })).toBe(false);
  });
});
