import type { Reading } from '../generation/reading.js';

/** A crop that could not be read. */
export interface CropFailure {
  readonly error: { readonly code: string; readonly message: string };
}

/** What became of one crop. */
export type CropOutcome = Reading | CropFailure;

export function isFailure(outcome: CropOutcome): outcome is CropFailure {
  return 'error' in outcome;
}
