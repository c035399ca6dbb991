import type { PageSize } from './detection.js';
import { defaultLayoutOptions, type LayoutOptions } from './layout-options.js';
import { type DetectorOutputs, regionsFromOutputs } from './regions-from-outputs.js';
import { type LayoutSelection, selectRegions } from './select-regions.js';

/** The regions of a page, from what `runDetector` gave for it. */
export function detectRegions(
  outputs: DetectorOutputs,
  page: PageSize,
  options: LayoutOptions = defaultLayoutOptions,
): LayoutSelection {
  // Thresholds are a matter of the options, per class and on the rounded rows, so every row goes on.
  return selectRegions(regionsFromOutputs(outputs, page, 0), page, options);
}
