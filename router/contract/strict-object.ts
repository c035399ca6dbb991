import { z } from '@hono/zod-openapi';
import { nearestName } from '#config';

/** An object that refuses unknown names and says which known one was most likely meant. */
export function strictObject<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? describeUnknown(issue.keys, known) : undefined),
  });
}

function describeUnknown(keys: readonly string[], known: readonly string[]): string {
  return keys
    .map((key) => {
      const near = nearestName(key, known);
      return `"${key.slice(0, 100)}" is unknown; ${near ? `did you mean "${near}"?` : `known: ${known.join(', ')}`}`;
    })
    .join('; ');
}
