import { ModelError, type ModelErrorCode, PoolError, type PoolErrorCode } from '#pool';
import { RouterError, type RouterErrorCode } from './errors.js';

/** Every code a client can meet. */
export type ErrorCode = RouterErrorCode | PoolErrorCode | ModelErrorCode;

/** HTTP statuses of failures; 499 is nginx's "client closed request", seen in logs and metrics only. */
export type FailureStatus = 400 | 401 | 403 | 404 | 405 | 406 | 409 | 413 | 415 | 422 | 429 | 499 | 500 | 503 | 504;

export interface ErrorMeaning {
  readonly status: FailureStatus;
  /** One sentence for the README and the reference page. */
  readonly meaning: string;
}

/** The one table from code to status and meaning; a code without a row does not compile. */
export const errorTable: Readonly<Record<ErrorCode, ErrorMeaning>> = {
  REQUEST_INVALID: { status: 400, meaning: 'A query value, header or field is unknown or not allowed.' },
  FIELDS_INVALID: { status: 422, meaning: 'A field of a PaddleX request is missing, not allowed or out of range.' },
  BASE64_INVALID: { status: 422, meaning: 'The file or picture in the body is not valid Base64.' },
  BODY_INVALID: { status: 400, meaning: 'The body is not the JSON or multipart form it claims to be.' },
  BODY_TOO_LARGE: { status: 413, meaning: 'The body is larger than `server.maxBodyBytes`.' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, meaning: 'The Content-Type is none that this route takes.' },
  NOT_ACCEPTABLE: { status: 406, meaning: 'The Accept header asks for no form that this route has.' },
  UNAUTHORIZED: { status: 401, meaning: 'The bearer key is missing or wrong.' },
  FORBIDDEN: { status: 403, meaning: 'The action needs an admin key.' },
  NOT_FOUND: { status: 404, meaning: 'There is no such route.' },
  MODEL_UNKNOWN: { status: 404, meaning: 'The server does not serve a model of this name; see GET /v1/models.' },
  JOB_UNKNOWN: { status: 404, meaning: 'There is no such job, or not any more: jobs live in memory for a while.' },
  JOB_RUNNING: { status: 409, meaning: 'The job has no result yet; ask again later.' },
  IDEMPOTENCY_CONFLICT: { status: 422, meaning: 'The Idempotency-Key came with another request before.' },
  METHOD_NOT_ALLOWED: { status: 405, meaning: 'The route does not take this method.' },
  URL_INVALID: { status: 400, meaning: 'The URL of the file is not an http or https URL.' },
  URL_FORBIDDEN: {
    status: 403,
    meaning: 'The URL leads to an address that may not be fetched, or URLs are switched off.',
  },
  URL_UNREACHABLE: { status: 422, meaning: 'The URL could not be fetched in time or did not answer 200.' },
  URL_TOO_LARGE: { status: 413, meaning: 'The file at the URL is larger than `url.maxBytes`.' },
  STARTING: { status: 503, meaning: 'The server has just been started; ask again shortly.' },
  INTERNAL: { status: 500, meaning: 'A fault of Quire; the log has the details under the request id.' },

  OVERLOADED: {
    status: 429,
    meaning: 'More work is waiting than can be done in time; Retry-After says when to come back.',
  },
  DEADLINE_EXCEEDED: { status: 504, meaning: 'The request took longer than its time limit.' },
  CANCELLED: { status: 499, meaning: 'The client left before the answer (seen in logs and metrics only).' },
  SHUTTING_DOWN: { status: 503, meaning: 'The server is being stopped; ask another one.' },
  NO_DEVICE: { status: 503, meaning: 'No device is ready to work.' },
  DEVICE_LOST: { status: 503, meaning: 'Devices died under this work more often than `pool.maxAttempts` allows.' },
  POISON_CROP: {
    status: 500,
    meaning: 'This part of a page killed a device twice, the second time alone; it is not tried again.',
  },
  CROP_TOO_LONG: { status: 422, meaning: 'Pictures and prompt together are longer than the model takes.' },
  CROP_INVALID: { status: 400, meaning: 'A crop sent to `POST /v1/engine/crops` does not hold together.' },
  MODEL_MISMATCH: { status: 409, meaning: 'The host that asks and the one that answers serve different weights.' },
  PREPARE_FAILED: { status: 500, meaning: 'The page could not be decoded or cut because a helper thread failed.' },
  DEVICE_UNKNOWN: { status: 404, meaning: 'There is no device with this id.' },
  DEVICE_STATE: { status: 409, meaning: 'The device cannot do this in its present state.' },

  MODEL_NOT_FOUND: { status: 500, meaning: 'The model folder does not exist or lacks a file.' },
  MODEL_INVALID: { status: 500, meaning: 'A file of the model folder is not what Quire can use.' },
  WEIGHTS_INVALID: { status: 500, meaning: 'The weights are damaged or do not fit the configuration.' },
  COMPILE_FAILED: { status: 500, meaning: 'The graphs could not be written.' },
  INPUT_EMPTY: { status: 400, meaning: 'The file has no bytes.' },
  INPUT_UNSUPPORTED: { status: 415, meaning: 'The first bytes are of no kind of file that Quire reads.' },
  IMAGE_UNREADABLE: { status: 422, meaning: 'The image is damaged or cut off.' },
  IMAGE_TOO_LARGE: { status: 422, meaning: 'The image has more pixels than `prepare.maxImagePixels`.' },
  IMAGE_ASPECT_RATIO: { status: 422, meaning: 'The image is too long and thin to be read.' },
  PDF_UNREADABLE: { status: 422, meaning: 'The PDF is damaged.' },
  PDF_ENCRYPTED: { status: 422, meaning: 'The PDF needs a password.' },
  PDF_EMPTY: { status: 422, meaning: 'The PDF has no pages.' },
  PAGE_RANGE_INVALID: {
    status: 400,
    meaning: 'The page range is not written as `1-3,7` or lies outside the document.',
  },
  TOO_MANY_PAGES: { status: 422, meaning: 'The document has more pages than `prepare.maxPages`.' },
};

/** A failure as HTTP shows it; dialects put it into their own envelope. */
export interface HttpFailure {
  readonly status: FailureStatus;
  readonly code: ErrorCode;
  readonly message: string;
  /** Field of the request at fault, where one can be named. */
  readonly param?: string;
  readonly retryAfterSeconds?: number;
}

/**
 * What a client is told about an error. Anything that is not ours becomes INTERNAL without its message, which may
 * hold paths or data; the log has it.
 */
export function toHttpFailure(error: unknown): HttpFailure {
  if (error instanceof RouterError) {
    const failure = failureOf(error.code, error.message);
    return error.param === undefined ? failure : { ...failure, param: error.param };
  }
  if (error instanceof ModelError) return failureOf(error.code, error.message);
  if (error instanceof PoolError) {
    const failure = failureOf(error.code, error.message);
    const { retryAfterMs } = error.detail;
    if (typeof retryAfterMs === 'number')
      return { ...failure, retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)) };
    // 429 and 503 always say when to come back.
    return failure.status === 429 || failure.status === 503 ? { ...failure, retryAfterSeconds: 1 } : failure;
  }
  return failureOf('INTERNAL', 'Quire failed at this request; the log has the details under the request id.');
}

/** What the client is told by a response with this code. */
function failureOf(code: ErrorCode, message: string): HttpFailure {
  return { status: errorTable[code].status, code, message };
}

/** Whether an error is a fault of ours, to be logged with its stack. */
export function isFault(failure: HttpFailure): boolean {
  return failure.status === 500;
}
