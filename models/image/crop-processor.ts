import type { Task } from '../generation/task.js';
import type { ImageProcessorConfig } from '../reader-config.js';

/** Pixel limits a request may set: for every task but spotting, and for single tasks. */
export interface RequestedPixels {
  readonly minPixels?: number;
  readonly maxPixels?: number;
  readonly taskPixels?: Readonly<Partial<Record<Task, { readonly minPixels?: number; readonly maxPixels?: number }>>>;
}

/** Spotting gets 2048 cells where other tasks get 1280: PaddleX's 1,605,632 and 1,003,520 pixels. */
const spottingShare = 2048 / 1280;

/** Cells no request may go beyond: the longest context of the official servers. */
const maxCells = 16_384;

/** The processor's configuration for one task, with the limits of a request in place of its own. */
export function cropProcessor(
  config: ImageProcessorConfig,
  task: Task,
  requested: RequestedPixels = {},
): ImageProcessorConfig {
  const isSpotting = task === 'spotting';
  const general = isSpotting ? {} : requested;
  const own = requested.taskPixels?.[task];
  const usual = isSpotting ? Math.round(config.maxPixels * spottingShare) : config.maxPixels;
  const ceiling = maxCells * (config.patchSize * config.mergeSize) ** 2;
  const maxPixels = Math.min(own?.maxPixels ?? general.maxPixels ?? usual, ceiling);
  const minPixels = Math.min(own?.minPixels ?? general.minPixels ?? config.minPixels, maxPixels);
  return { ...config, minPixels, maxPixels };
}
