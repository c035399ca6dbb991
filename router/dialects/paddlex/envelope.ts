import { z } from '@hono/zod-openapi';
import type { ErrorFormat } from '../../app-env.js';

/** PaddleX's error code is the HTTP status. */
export const paddlexFailureSchema = z
  .object({
    logId: z.string(),
    errorCode: z.int().openapi({ description: 'The HTTP status.' }),
    errorMsg: z.string().openapi({ description: 'For people; for 422 the list of errors as JSON text.' }),
    code: z.string().openapi({ description: "Quire's stable code, one of the codes of `Error`." }),
  })
  .openapi('PaddleXFailure');

export const healthSchema = z.object({ logId: z.string(), errorCode: z.literal(0), errorMsg: z.string() });

/** The envelope of a success. */
export function successSchema<Result extends z.ZodType>(result: Result) {
  return z.object({
    logId: z.string(),
    errorCode: z.literal(0),
    errorMsg: z.literal('Success'),
    result,
  });
}

/** PaddleX's envelope of a failure, under the caller's `logId` where it gave one. */
export function paddlexErrorFormat(logId?: string): ErrorFormat {
  return ({ status, code, message }, requestId) => ({
    logId: logId ?? requestId,
    errorCode: status,
    errorMsg: message,
    code,
  });
}
