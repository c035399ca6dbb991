import type { RgbImage } from '../image/rgb-image.js';
import type { Session } from '../session.js';
import type { DetectorConfig } from './detector-config.js';
import { detectorInput } from './detector-input.js';
import { defaultLayoutOptions, type LayoutOptions } from './layout-options.js';
import { detectionOutputNames, detectorOutputs, regionsFromOutputs } from './regions-from-outputs.js';
import { type LayoutSelection, selectRegions } from './select-regions.js';

/**
 * Finds the regions of a page: `session` runs the graph of `buildLayoutDetector` for `config`.
 * Throws MODEL_INVALID when the outputs are not those of that graph.
 */
export async function detectRegions(
  page: RgbImage,
  session: Session,
  config: Pick<DetectorConfig, 'input'>,
  options: LayoutOptions = defaultLayoutOptions,
): Promise<LayoutSelection> {
  const { size } = config.input;
  const pixels = { type: 'uint8', dims: [1, 3, size.height, size.width], data: detectorInput(page, size) } as const;
  // Detectors with masks have more outputs, and large ones.
  const outputs = await session.run({ pixel_values: pixels }, detectionOutputNames);
  // Thresholds are a matter of the options, per class and on the rounded rows, so every row goes on.
  return selectRegions(regionsFromOutputs(detectorOutputs(outputs), page, 0), page, options);
}
