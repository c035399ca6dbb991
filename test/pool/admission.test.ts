import { describe, expect, it } from 'vitest';
import {
  type AdmittedDocument,
  type Applicant,
  judgeAdmission,
  predictWaitMs,
  type SystemLoad,
  toError,
} from '../../pool/admission.js';
import { mostLagMs } from '../../pool/crop-queue.js';

const limits = { maxDocuments: 4, maxHeldBytes: 1000, maxQueuedCrops: 100, maxPredictedWaitMs: 10_000 };
const document = (
  remaining: number,
  options: Partial<Pick<AdmittedDocument, 'priority' | 'ageMs'>> & { total?: number; prepare?: number } = {},
): AdmittedDocument => {
  const { priority = 'interactive', ageMs = 0, total = remaining, prepare = 0 } = options;
  return {
    priority,
    bytes: 10,
    ageMs,
    work: { prepare: { total: prepare, remaining: prepare }, device: { total, remaining } },
  };
};
const load = (documents: AdmittedDocument[], overrides: Partial<SystemLoad> = {}): SystemLoad => ({
  documents,
  heldBytes: 0,
  queuedCropCount: 0,
  rate: { prepare: 1, device: 2 },
  turnMs: 0,
  ...overrides,
});
const applicant = (device: number, overrides: Partial<Applicant> = {}): Applicant => ({
  priority: 'interactive',
  bytes: 10,
  cost: { prepare: 100, device },
  ...overrides,
});
const page = applicant(1000);

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

  it('counts more of a document that is behind its time, up to a limit', () => {
    const behind = (ageMs: number) => load([document(500_000, { total: 500_300, ageMs })]);
    expect(predictWaitMs(page, behind(300))).toBe(500);
    expect(predictWaitMs(page, behind(700))).toBe(700);
    expect(predictWaitMs(page, behind(1_000_000))).toBe((1000 + mostLagMs) / 2);
  });

  it('is that of the threads that prepare pages where those have more to do', () => {
    const waiting = [1, 2, 3].map(() => document(10, { prepare: 100 }));
    expect(predictWaitMs(page, load(waiting))).toBe(300);
    expect(predictWaitMs(page, load(waiting, { rate: { prepare: 4, device: 2 } }))).toBe(75);
  });

  it('does not let batch work delay interactive work', () => {
    expect(predictWaitMs(page, load([document(5000, { priority: 'batch' })]))).toBe(0);
  });

  it('lets batch work wait for all interactive work', () => {
    expect(predictWaitMs({ ...page, priority: 'batch' }, load([document(5000)]))).toBe(2500);
  });
});

describe('refusal', () => {
  it('lets a document into an empty system whatever its size', () => {
    expect(judgeAdmission(applicant(1e9, { bytes: 5000, deadlineMs: 1 }), load([]), limits)).toBeNull();
  });

  it.each([
    ['documents', page, load([document(10), document(20), document(30), document(40)]), 20],
    ['bytes', applicant(1000, { bytes: 600 }), load([document(400)], { heldBytes: 500 }), 200],
    ['crops', page, load([document(1000)], { queuedCropCount: 100 }), 500],
    ['wait', applicant(30_000), load([document(50_000)]), 5000],
    ['wait', applicant(8000, { deadlineMs: 3000 }), load([document(50_000)]), 1000],
  ] as const)('names %s, and when to come again', (reason, asking, state, retryAfterMs) => {
    const refusal = judgeAdmission(asking, state, limits);
    expect(refusal?.reason).toBe(reason);
    expect(refusal?.retryAfterMs).toBe(Math.max(100, retryAfterMs));
  });

  it('adds the time until it is the turn of the one who asks', () => {
    const busy = load([document(50_000)], { turnMs: 700 });
    expect(judgeAdmission(applicant(30_000), busy, limits)?.retryAfterMs).toBe(5700);
  });

  it('becomes an error that says when to try again', () => {
    const error = toError({ reason: 'wait', message: 'busy', retryAfterMs: 1200 });
    expect([error.code, error.detail]).toEqual(['OVERLOADED', { reason: 'wait', retryAfterMs: 1200 }]);
  });
});
