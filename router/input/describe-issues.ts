import type { z } from 'zod';
import { nearestName } from '#config';

/** What is wrong with a query or body, as one sentence for each problem; unknown names get the nearest known one. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], schema?: z.ZodObject): string {
  return issues.map((issue) => describeIssue(issue, schema)).join('; ');
}

function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodObject | undefined): string {
  if (issue.code === 'unrecognized_keys') {
    const known = schema ? Object.keys(schema.shape) : [];
    return issue.keys
      .map((key) => {
        const near = nearestName(key, known);
        const hint = near ? `did you mean "${near}"?` : known.length > 0 ? `known: ${known.join(', ')}` : '';
        return `"${key.slice(0, 100)}" is unknown${hint ? `; ${hint}` : ''}`;
      })
      .join('; ');
  }
  const path = issue.path.map(String).join('.');
  return path ? `${path}: ${issue.message}` : issue.message;
}
