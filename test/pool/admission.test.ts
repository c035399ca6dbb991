import { describe, expect, it } from 'vitest';
import {
  type AdmittedDocument,
  judgeAdmission,
  predictWaitMs,
  type SystemLoad,
  toError,
} from '../../pool/admission.js';

const limits = { maxDocuments: 4, maxHeldBytes: 1000, maxQueuedCrops: 100, maxPredictedWaitMs: 10_000 };
const document = (remainingCost: number, priority: AdmittedDocument['priority'] = 'interactive'): AdmittedDocument => ({
  id: 'd',
  priority,
  bytes: 10,
  remainingCost,
});
const load = (documents: AdmittedDocument[], overrides: Partial<SystemLoad> = {}): SystemLoad => ({
  documents,
  heldBytes: 0,
  queuedCropCount: 0,
  costPerMs: 2,
  turnMs: 0,
  ...overrides,
});
const page = { priority: 'interactive', bytes: 10, cost: 1000 } as const;

describe('predicted wait', () => {
  it('is nothing in an empty system', () => {
    expect(predictWaitMs(page, load([]))).toBe(0);
  });

  it('counts of a longer document only as much as it takes before the short one is done', () => {
    expect(predictWaitMs(page, load([document(500_000)]))).toBe(500);
  });

  it('counts shorter documents whole', () => {
    expect(predictWaitMs(page, load([document(200), document(400)]))).toBe(300);
  });

  it('does not let batch work delay interactive work', () => {
    expect(predictWaitMs(page, load([document(5000, 'batch')]))).toBe(0);
  });

  it('lets batch work wait for all interactive work', () => {
    expect(predictWaitMs({ ...page, priority: 'batch' }, load([document(5000)]))).toBe(2500);
  });
});

describe('refusal', () => {
  it('lets a document into an empty system whatever its size', () => {
    const huge = { ...page, bytes: 5000, cost: 1e9, deadlineMs: 1 };
    expect(judgeAdmission(huge, load([]), limits)).toBeNull();
  });

  it.each([
    ['documents', page, load([document(10), document(20), document(30), document(40)]), 20],
    ['bytes', { ...page, bytes: 600 }, load([document(400)], { heldBytes: 500 }), 200],
    ['crops', page, load([document(1000)], { queuedCropCount: 100 }), 500],
    ['wait', { ...page, cost: 30_000 }, load([document(50_000)]), 5000],
    ['wait', { ...page, cost: 8000, deadlineMs: 3000 }, load([document(50_000)]), 1000],
  ] as const)('names %s, and when to come again', (reason, applicant, state, retryAfterMs) => {
    const refusal = judgeAdmission(applicant, state, limits);
    expect(refusal?.reason).toBe(reason);
    expect(refusal?.retryAfterMs).toBe(Math.max(100, retryAfterMs));
  });

  it('adds the time until it is the turn of the one who asks', () => {
    const busy = load([document(50_000)], { turnMs: 700 });
    expect(judgeAdmission({ ...page, cost: 30_000 }, busy, limits)?.retryAfterMs).toBe(5700);
  });

  it('becomes an error that says when to try again', () => {
    const error = toError({ reason: 'wait', message: 'busy', retryAfterMs: 1200 });
    expect([error.code, error.detail]).toEqual(['OVERLOADED', { reason: 'wait', retryAfterMs: 1200 }]);
  });
});
