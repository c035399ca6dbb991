import { expect, it } from 'vitest';
import { createCostModel } from '../../pool/cost-model.js';
import { DocumentRegister } from '../../pool/document-register.js';
import type { PoolEvent } from '../../pool/pool.js';
import { openRunScope } from '../../pool/run-scope.js';

const limits = { maxDocuments: 1000, maxHeldBytes: 1e9, maxQueuedCrops: 1000, maxPredictedWaitMs: 1000 };

function open() {
  const events: PoolEvent[] = [];
  const register = new DocumentRegister({
    limits,
    costModel: createCostModel(),
    load: () => ({ heldPixelBytes: 0, queuedCropCount: 0, rate: { prepare: 1, device: 1 } }),
    obstacle: () => null,
    emit: (event) => events.push(event),
  });
  const enter = (deviceCost: number | null, bytes = 10) => {
    const work = deviceCost === null ? null : { pageCount: 0, deviceCost };
    return register.enter({ bytes, pageKind: 'picture', work }, openRunScope({}));
  };
  return { register, events, enter };
}
const overloaded = expect.objectContaining({ code: 'OVERLOADED' });

it('refuses by what is known of a document at the entrance', () => {
  const { register, events, enter } = open();
  enter(900);
  expect(() => enter(5000)).not.toThrow();
  expect(() => enter(5000)).toThrow(overloaded);
  // A short one is not kept waiting by long ones.
  expect(() => enter(10)).not.toThrow();
  expect(register.documentCount).toBe(3);
  expect(events).toEqual([{ type: 'refused', reason: 'wait' }]);
});

it('refuses later only what was not known before', () => {
  const { enter } = open();
  const unknown = enter(null);
  enter(900);
  const known = enter(50);
  expect(() => known.setWork({ pageCount: 1, deviceCost: 1e6 })).not.toThrow();
  expect(() => unknown.setWork({ pageCount: 500, deviceCost: 1e6 })).toThrow(overloaded);
});

it('does not count a document as what keeps itself out', () => {
  const { enter } = open();
  expect(() => enter(null, limits.maxHeldBytes)).not.toThrow();
  const second = open().enter(null, limits.maxHeldBytes);
  expect(() => second.setWork({ pageCount: 500, deviceCost: 1e6 })).not.toThrow();
});

it('tells beforehand whether there is room for one like the last, and holds nothing', () => {
  const { register, enter } = open();
  expect(() => register.check({})).not.toThrow();
  const first = enter(null);
  first.setWork({ pageCount: 1, deviceCost: 700 });
  expect(() => register.check({ deadlineMs: 100 })).toThrow(overloaded);
  expect(() => register.check({ deadlineMs: 5000 })).not.toThrow();
  expect(register.documentCount).toBe(1);
  first.leave();
  expect(() => register.check({ deadlineMs: 5000 })).not.toThrow();
});

it('reckons with what is left of a document as its crops are read', () => {
  const { register, enter } = open();
  const before = register.predictedWaitMs;
  const ticket = enter(400);
  const whole = register.predictedWaitMs;
  ticket.finishCrop(300);
  const rest = register.predictedWaitMs;
  expect(before).toBe(0);
  expect(rest).toBeGreaterThan(0);
  expect(rest).toBeLessThan(whole);
  ticket.leave();
  expect(register.predictedWaitMs).toBe(0);
});

it('lets nothing in once it is shut, and tells when the last has left', async () => {
  const { register, enter } = open();
  const ticket = enter(10);
  register.shut();
  const shut = expect.objectContaining({ code: 'SHUTTING_DOWN' });
  expect(() => enter(10)).toThrow(shut);
  expect(() => register.check({})).toThrow(shut);
  let isDrained = false;
  const drained = register.drain(60_000).then(() => {
    isDrained = true;
  });
  await Promise.resolve();
  expect(isDrained).toBe(false);
  ticket.leave();
  await drained;
});
