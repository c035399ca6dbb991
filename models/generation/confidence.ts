/** Geometric mean of the token probabilities, 0 to 1, from their natural logarithms; null without tokens. */
export function meanConfidence(logprobs: readonly number[]): number | null {
  if (logprobs.length === 0) return null;
  let sum = 0;
  for (const logprob of logprobs) sum += logprob;
  return Math.min(1, Math.exp(sum / logprobs.length));
}
