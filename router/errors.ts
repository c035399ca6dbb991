/** Stable codes of what can be wrong with a request before the pool sees it, and of a fault of ours. */
export const routerErrorCodes = [
  'REQUEST_INVALID',
  'FIELDS_INVALID',
  'BASE64_INVALID',
  'BODY_INVALID',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
  'NOT_ACCEPTABLE',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'NOT_FOUND',
  'MODEL_UNKNOWN',
  'JOB_UNKNOWN',
  'JOB_RUNNING',
  'IDEMPOTENCY_CONFLICT',
  'METHOD_NOT_ALLOWED',
  'URL_INVALID',
  'URL_FORBIDDEN',
  'URL_UNREACHABLE',
  'URL_TOO_LARGE',
  'STARTING',
  'INTERNAL',
] as const;

export type RouterErrorCode = (typeof routerErrorCodes)[number];

/** A request that cannot be served as it was sent; the message says what to change. */
export class RouterError extends Error {
  override readonly name = 'RouterError';
  /** Path of the field at fault, such as `messages.0.content`. */
  readonly param?: string;

  constructor(
    readonly code: RouterErrorCode,
    message: string,
    options?: ErrorOptions & { readonly param?: string },
  ) {
    super(message, options);
    this.param = options?.param;
  }
}
