import type { WireError } from './wire.js';

/** Why a file could not be read: the server's stable code, or one of ours for what happened before it answered. */
export interface ReadFailure extends WireError {
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds?: number;
}

/** A failure on its way up to the view. */
export class ReadError extends Error {
  override readonly name = 'ReadError';

  constructor(readonly failure: ReadFailure) {
    super(failure.message);
  }
}

const titles: Readonly<Record<string, string>> = {
  UNREACHABLE: 'The server did not answer',
  STREAM_BROKEN: 'The answer broke off',
  PICTURE_GONE: 'The file is no longer here',
  REQUEST_INVALID: 'The server did not understand the request',
  BODY_INVALID: 'The file arrived damaged',
  BODY_TOO_LARGE: 'The file is too large',
  MEDIA_TYPE_UNSUPPORTED: 'Quire cannot read this kind of file',
  UNAUTHORIZED: 'This server wants an API key',
  FORBIDDEN: 'This key may not do that',
  STARTING: 'The server is still starting',
  INTERNAL: 'Quire failed at this file',
  OVERLOADED: 'The server is busy',
  DEADLINE_EXCEEDED: 'It took too long',
  CANCELLED: 'Stopped',
  SHUTTING_DOWN: 'The server is being stopped',
  NO_DEVICE: 'No device can read right now',
  DEVICE_LOST: 'The device was lost while reading',
  POISON_CROP: 'A part of the page keeps breaking the device',
  CROP_TOO_LONG: 'A part of the page is too large for the model',
  PREPARE_FAILED: 'The page could not be prepared',
  INPUT_EMPTY: 'The file is empty',
  INPUT_UNSUPPORTED: 'Quire cannot read this kind of file',
  IMAGE_UNREADABLE: 'The picture is damaged',
  IMAGE_TOO_LARGE: 'The picture has too many pixels',
  IMAGE_ASPECT_RATIO: 'The picture is too long and thin',
  PDF_UNREADABLE: 'The PDF is damaged',
  PDF_ENCRYPTED: 'The PDF asks for a password',
  PDF_EMPTY: 'The PDF has no pages',
  TOO_MANY_PAGES: 'The document has too many pages',
};

/** A failure in a few plain words; the code and the server's message stand beside them. */
export function titleOf(failure: ReadFailure): string {
  return titles[failure.code] ?? 'This file could not be read';
}

/** The failure an error answer describes; any shape of body, down to an empty one, gives something to show. */
export async function failureOf(response: Response): Promise<ReadFailure> {
  const requestId = response.headers.get('x-request-id') ?? undefined;
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const text = await response.text().catch(() => '');
  let error: Partial<WireError> = {};
  try {
    const body = JSON.parse(text) as { error?: Partial<WireError> } & Partial<WireError>;
    error = body.error ?? body;
  } catch {
    // A proxy answered, not Quire: its status is all there is.
  }
  return {
    code: error.code ?? codeOfStatus(response.status),
    message: error.message ?? `The server answered ${response.status} ${response.statusText}`.trim(),
    requestId: error.requestId ?? requestId,
    ...(Number.isFinite(seconds) ? { retryAfterSeconds: seconds } : {}),
  };
}

function codeOfStatus(status: number): string {
  if (status === 401) return 'UNAUTHORIZED';
  if (status === 403) return 'FORBIDDEN';
  if (status === 413) return 'BODY_TOO_LARGE';
  if (status === 429 || status === 503) return 'OVERLOADED';
  return `HTTP_${status}`;
}
