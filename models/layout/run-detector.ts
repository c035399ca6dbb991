import type { Session } from '../session.js';
import type { PageSize } from './detection.js';
import { type DetectorOutputs, detectionOutputNames, detectorOutputs } from './regions-from-outputs.js';

/** A page as the detector takes it: `detectorInput` in its size. */
export interface DetectorPixels extends PageSize {
  /** `[3, height, width]`; not in shared memory, which the runtime refuses. */
  readonly pixels: Uint8Array;
}

/**
 * Runs the detector over one page: `session` has the graph of `buildLayoutDetector`. Throws MODEL_INVALID when the
 * outputs are not those of that graph.
 */
export async function runDetector(
  session: Session,
  { width, height, pixels }: DetectorPixels,
): Promise<DetectorOutputs> {
  const input = { type: 'uint8', dims: [1, 3, height, width], data: pixels } as const;
  // Detectors with masks have more outputs, and large ones.
  return detectorOutputs(await session.run({ pixel_values: input }, detectionOutputNames));
}
