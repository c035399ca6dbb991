import type { z } from '@hono/zod-openapi';
import { RouterError } from '../../errors.js';

/** One entry of the list that PaddleX puts into `errorMsg`, in the shape of its framework. */
interface FieldError {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
}

/** Entries at most: a body of a million wrong items must not make an answer of that size. */
const maxErrors = 20;

/**
 * A body that fits its schema.
 *
 * @throws RouterError FIELDS_INVALID, whose message is the list of errors as JSON text.
 */
export function checkFields<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const checked = schema.safeParse(body);
  if (checked.success) return checked.data;
  const errors = checked.error.issues.slice(0, maxErrors).map(
    ({ code, path, message }): FieldError => ({
      type: code,
      loc: ['body', ...path.map((key) => (typeof key === 'symbol' ? String(key) : key))],
      msg: message,
    }),
  );
  throw new RouterError('FIELDS_INVALID', JSON.stringify(errors));
}

/** The same failure for one field, where a schema cannot tell; its message is plain text, as PaddleX's is there. */
export function fieldInvalid(field: string, message: string): RouterError {
  return new RouterError('FIELDS_INVALID', message, { param: field });
}

/** Throws FIELDS_INVALID where a file of another format is wanted beside the answer. */
export function refuseExports(outputFormats: readonly string[] | null | undefined): void {
  if (outputFormats?.length) {
    throw fieldInvalid('outputFormats', 'outputFormats: Word export is not available here; leave it out');
  }
}
