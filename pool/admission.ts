import { PoolError, type PoolErrorCode } from './errors.js';
import type { Priority } from './pool.js';

/** A document in the system, as admission sees it. */
export interface AdmittedDocument {
  readonly id: string;
  readonly priority: Priority;
  readonly bytes: number;
  /** Predicted cost of what is not done yet; a guess until its pages are known. */
  remainingCost: number;
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
  /** Cost done in a millisecond by all devices together. */
  readonly costPerMs: number;
  /** Milliseconds until a place that gets free is one's own, given how many others ask for it. */
  readonly turnMs: number;
}

export interface Applicant {
  readonly priority: Priority;
  readonly bytes: number;
  readonly cost: number;
  readonly deadlineMs?: number;
}

export type Refusal = { readonly reason: string; readonly message: string; readonly retryAfterMs: number };

/**
 * Milliseconds a document of this cost would wait for others. Documents share the devices by cost, so each other
 * document delays it by no more than its own cost; batch documents do not delay interactive ones.
 */
export function predictWaitMs(applicant: Pick<Applicant, 'priority' | 'cost'>, load: SystemLoad): number {
  let ahead = 0;
  for (const { priority, remainingCost } of load.documents) {
    if (applicant.priority === 'interactive' && priority === 'batch') continue;
    ahead +=
      priority === 'interactive' && applicant.priority === 'batch'
        ? remainingCost
        : Math.min(remainingCost, applicant.cost);
  }
  return ahead / load.costPerMs;
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

/** When the first of the documents should be done: they share the devices, so the one with the least cost left. */
function nextEndMs({ documents, costPerMs }: SystemLoad): number {
  const least = Math.min(...documents.map(({ remainingCost }) => remainingCost));
  const shared = documents.reduce((sum, { remainingCost }) => sum + Math.min(remainingCost, least), 0);
  return Number.isFinite(least) ? shared / costPerMs : 1000;
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
