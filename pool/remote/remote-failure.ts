import type { Failure } from '../errors.js';
import { AnswerError } from './answer-error.js';

/** What follows for the device and the crop from a request that did not succeed. */
export type RemoteVerdict =
  /** The crop can never be read there, nor anywhere else. */
  | { readonly kind: 'crop'; readonly failure: Failure }
  /** No room, or no time left: the crop may run elsewhere at once. */
  | { readonly kind: 'busy'; readonly retryAfterMs: number }
  /** The host answers and cannot be used. */
  | { readonly kind: 'device'; readonly failure: Failure; readonly isBlamed: boolean }
  /** No answer; `isGone`: nothing listens there any more. */
  | { readonly kind: 'unreachable'; readonly isGone: boolean };

const cropCodes = ['CROP_TOO_LONG', 'POISON_CROP'];
const busyCodes = ['OVERLOADED', 'DEADLINE_EXCEEDED'];
/** The host is on its way down or up, or refuses this host: no crop is to blame. */
const stateCodes = ['SHUTTING_DOWN', 'NO_DEVICE', 'STARTING', 'MODEL_MISMATCH', 'UNAUTHORIZED'];

/** What a failed request to another host means. */
export function judgeRemoteFailure(error: unknown): RemoteVerdict {
  if (!(error instanceof AnswerError)) {
    return { kind: 'unreachable', isGone: (error as NodeJS.ErrnoException)?.code === 'ECONNREFUSED' };
  }
  const { status, code, message, retryAfterMs } = error;
  if (cropCodes.includes(code)) return { kind: 'crop', failure: { code, message } };
  if (busyCodes.includes(code) || status === 429) return { kind: 'busy', retryAfterMs };
  const isState = stateCodes.includes(code) || (code === '' && [401, 403, 404, 502, 503, 504].includes(status));
  const failure = { code: code === 'MODEL_MISMATCH' ? code : 'DEVICE_LOST', message };
  return { kind: 'device', failure, isBlamed: !isState };
}
