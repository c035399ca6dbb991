import { mostLagMs } from './crop-queue.js';
import { PoolError, type PoolErrorCode } from './errors.js';
import type { Priority } from './pool.js';

/** Work of a document in one stage, in milliseconds of one worker of it. */
export interface StageWork {
  readonly total: number;
  readonly remaining: number;
}

/** What stands between a document and its answer: threads that prepare pages, and devices. */
export const admissionStages = ['prepare', 'device'] as const;
export type AdmissionStage = (typeof admissionStages)[number];

/** A document in the system, as admission sees it. */
export interface AdmittedDocument {
  readonly priority: Priority;
  readonly bytes: number;
  /** Milliseconds since it entered. */
  readonly ageMs: number;
  /** Predicted; a guess until its pages are known. */
  readonly work: Readonly<Record<AdmissionStage, StageWork>>;
}

export interface AdmissionLimits {
  readonly maxDocuments: number;
  readonly maxHeldBytes: number;
  readonly maxQueuedCrops: number;
  readonly maxPredictedWaitMs: number;
}

/** What the system holds at the moment of the question. */
export interface SystemLoad {
  readonly documents: readonly AdmittedDocument[];
  /** Bytes of inputs and pixels. */
  readonly heldBytes: number;
  readonly queuedCropCount: number;
  /** Work done in a millisecond by all workers of a stage together. */
  readonly rate: Readonly<Record<AdmissionStage, number>>;
  /** Milliseconds until a place that gets free is one's own, given how many others ask for it. */
  readonly turnMs: number;
}

export interface Applicant {
  readonly priority: Priority;
  readonly bytes: number;
  /** Its work in each stage. */
  readonly cost: Readonly<Record<AdmissionStage, number>>;
  readonly deadlineMs?: number;
}

export type Refusal = { readonly reason: string; readonly message: string; readonly retryAfterMs: number };

/**
 * Milliseconds a document would wait for others: in the stage that has most to do for its workers, as a stage works on
 * while others are waited for.
 */
export function predictWaitMs(applicant: Pick<Applicant, 'priority' | 'cost'>, load: SystemLoad): number {
  const waits = admissionStages.map((stage) => {
    const ahead = load.documents.reduce((sum, document) => sum + aheadOf(document, applicant, stage), 0);
    return ahead / load.rate[stage];
  });
  return Math.max(...waits);
}

/**
 * Work of one document that is done before the applicant's, by the order of the queue (see `CropQueue`): of what came
 * before, as much as the applicant's own work and what the other is behind its time; of batch documents nothing where
 * the applicant is interactive.
 */
function aheadOf(
  { priority, ageMs, work }: AdmittedDocument,
  applicant: Pick<Applicant, 'priority' | 'cost'>,
  stage: AdmissionStage,
): number {
  if (applicant.priority === 'interactive' && priority === 'batch') return 0;
  const { total, remaining } = work[stage];
  if (applicant.priority === 'batch' && priority === 'interactive') return remaining;
  const lagMs = Math.min(mostLagMs, Math.max(0, ageMs - (total - remaining)));
  return Math.min(remaining, applicant.cost[stage] + lagMs);
}

/** Whether a document may enter, decided from plain numbers; null is yes. */
export function judgeAdmission(applicant: Applicant, load: SystemLoad, limits: AdmissionLimits): Refusal | null {
  const waitMs = predictWaitMs(applicant, load);
  if (load.documents.length >= limits.maxDocuments) {
    return refuse('documents', `${load.documents.length} documents are in work already`, nextEndMs(load) + load.turnMs);
  }
  if (applicant.bytes + load.heldBytes > limits.maxHeldBytes && load.documents.length > 0) {
    return refuse('bytes', 'the memory for documents is full', nextEndMs(load) + load.turnMs);
  }
  if (load.queuedCropCount >= limits.maxQueuedCrops) {
    return refuse('crops', `${load.queuedCropCount} parts of pages wait already`, nextEndMs(load) + load.turnMs);
  }
  const deadline = applicant.deadlineMs ?? Number.POSITIVE_INFINITY;
  const limitMs = Math.min(limits.maxPredictedWaitMs, deadline);
  if (load.documents.length > 0 && waitMs > limitMs) {
    return refuse('wait', `it would wait for about ${Math.ceil(waitMs / 1000)} s`, waitMs - limitMs + load.turnMs);
  }
  return null;
}

/** When the first of the documents should be done: they share the devices, so the one with the least work left. */
function nextEndMs({ documents, rate }: SystemLoad): number {
  const left = documents.map(({ work }) => work.device.remaining);
  const least = Math.min(...left);
  const shared = left.reduce((sum, remaining) => sum + Math.min(remaining, least), 0);
  return Number.isFinite(least) ? shared / rate.device : 1000;
}

function refuse(reason: string, because: string, waitMs: number): Refusal {
  const retryAfterMs = Math.max(100, Math.ceil(waitMs));
  return { reason, message: `The server is busy: ${because}. Try again later.`, retryAfterMs };
}

/** The refusal as the error a caller gets. */
export function toError({ reason, message, retryAfterMs }: Refusal): PoolError {
  const code: PoolErrorCode = 'OVERLOADED';
  return new PoolError(code, message, { reason, retryAfterMs });
}
