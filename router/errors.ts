/** Stable codes of what can be wrong with a request before the pool sees it, and of a fault of ours. */
export const routerErrorCodes = [
  'REQUEST_INVALID',
  'BODY_INVALID',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
  'NOT_ACCEPTABLE',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'NOT_FOUND',
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

  constructor(
    readonly code: RouterErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
