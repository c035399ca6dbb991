/** Stable codes of everything that can be wrong with a model folder, its weights or an input document. */
export const modelErrorCodes = [
  'MODEL_NOT_FOUND',
  'MODEL_INVALID',
  'WEIGHTS_INVALID',
  'COMPILE_FAILED',
  'INPUT_EMPTY',
  'INPUT_UNSUPPORTED',
  'IMAGE_UNREADABLE',
  'IMAGE_TOO_LARGE',
  'IMAGE_ASPECT_RATIO',
  'PDF_UNREADABLE',
  'PDF_ENCRYPTED',
  'PDF_EMPTY',
  'PAGE_RANGE_INVALID',
  'TOO_MANY_PAGES',
] as const;

export type ModelErrorCode = (typeof modelErrorCodes)[number];

/** A fault of a model folder or of an input, with a code that callers can match on. */
export class ModelError extends Error {
  override readonly name = 'ModelError';

  constructor(
    readonly code: ModelErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
