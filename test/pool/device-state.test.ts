import { expect, it } from 'vitest';
import { type DeviceChange, nextDeviceState } from '../../pool/device-state.js';
import type { DeviceState } from '../../pool/pool.js';

const states: readonly DeviceState[] = ['starting', 'ready', 'draining', 'drained', 'down', 'broken'];

it.each([
  ['starting', 'proven', 'ready'],
  ['ready', 'drain', 'draining'],
  ['draining', 'emptied', 'drained'],
  ['draining', 'resume', 'ready'],
  ['drained', 'resume', 'ready'],
  ['down', 'restart', 'starting'],
  ['broken', 'restart', 'starting'],
  ['broken', 'lost', 'down'],
] satisfies [DeviceState, DeviceChange, DeviceState][])('%s goes by %s to %s', (state, change, next) => {
  expect(nextDeviceState(state, change)).toBe(next);
});

it('can be lost in every state in which it has a host', () => {
  for (const state of ['starting', 'ready', 'draining', 'drained'] as const) {
    expect(nextDeviceState(state, 'lost')).toBe('down');
    expect(nextDeviceState(state, 'broke')).toBe('broken');
  }
});

it('can be restarted in every state', () => {
  for (const state of states) expect(nextDeviceState(state, 'restart')).toBe('starting');
});

it('takes work only after it was proven', () => {
  for (const state of ['down', 'broken', 'drained'] as const) expect(nextDeviceState(state, 'proven')).toBeNull();
});

it('cannot drain or resume what is not running', () => {
  for (const state of ['starting', 'down', 'broken'] as const) {
    expect(nextDeviceState(state, 'drain')).toBeNull();
    expect(nextDeviceState(state, 'resume')).toBeNull();
  }
});
