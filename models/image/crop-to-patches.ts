import type { Task } from '../generation/task.js';
import type { ImageProcessorConfig } from '../reader-config.js';
import type { CropPatches } from './crop-patches.js';
import { cutGreyPatches, cutPatches } from './cut-patches.js';
import { toGrey } from './grey-image.js';
import { padToAspect } from './pad-image.js';
import { resizeGrey, resizeImage } from './resize-image.js';
import type { RgbImage } from './rgb-image.js';
import { smartResize } from './smart-resize.js';

/** Pictures smaller than this on both sides are doubled before text is spotted in them. */
const spottingSmallSide = 1500;

/**
 * A crop as the vision encoder takes it: padded with white where its aspect would be refused, resized by
 * `smartResize`, cut into patches. `Spotting:` first doubles small pictures with Lanczos, as PaddleX does.
 */
export function cropToPatches(crop: RgbImage, config: ImageProcessorConfig, task: Task = 'ocr'): CropPatches {
  let image = padToAspect(crop);
  if (task === 'spotting' && image.width < spottingSmallSide && image.height < spottingSmallSide) {
    image = resizeImage(image, image.width * 2, image.height * 2, 'lanczos');
  }
  const { width, height } = smartResize(image, config);
  const grey = toGrey(image);
  return grey
    ? cutGreyPatches(resizeGrey(grey, width, height), config.patchSize)
    : cutPatches(resizeImage(image, width, height), config.patchSize);
}
