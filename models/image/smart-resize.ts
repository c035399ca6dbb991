import { ModelError } from '../errors.js';
import type { ImageProcessorConfig } from '../reader-config.js';
import { roundHalfEven } from './round-half-even.js';

/** Longer side over shorter side beyond which the reader's processor refuses a picture. */
export const maxAspectRatio = 200;

/** The part of the processor's configuration that decides the size of the resized crop. */
export type PixelLimits = Pick<ImageProcessorConfig, 'minPixels' | 'maxPixels' | 'patchSize' | 'mergeSize'>;

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/**
 * The size a crop is resized to: both sides multiples of `patchSize * mergeSize`, the area between `minPixels` and
 * `maxPixels`, the aspect kept as nearly as that allows. Source: `smart_resize` of the PaddleOCR-VL image processor
 * (transformers, which clamps each side to one cell, unlike PaddleX).
 * Throws IMAGE_ASPECT_RATIO where one side is more than 200 times the other; `padToAspect` makes such a crop fit.
 */
export function smartResize(size: ImageSize, limits: PixelLimits): ImageSize {
  const factor = limits.patchSize * limits.mergeSize;
  let { width, height } = size;
  if (height < factor) {
    width = roundHalfEven((width * factor) / height);
    height = factor;
  }
  if (width < factor) {
    height = roundHalfEven((height * factor) / width);
    width = factor;
  }
  if (Math.max(width, height) / Math.min(width, height) > maxAspectRatio) {
    throw new ModelError(
      'IMAGE_ASPECT_RATIO',
      `The picture is ${size.width}x${size.height}: one side may be ${maxAspectRatio} times the other at most.`,
    );
  }
  const resizedHeight = roundHalfEven(height / factor) * factor;
  const resizedWidth = roundHalfEven(width / factor) * factor;
  if (resizedHeight * resizedWidth > limits.maxPixels) {
    const shrink = Math.sqrt((height * width) / limits.maxPixels);
    return {
      width: Math.max(factor, Math.floor(width / shrink / factor) * factor),
      height: Math.max(factor, Math.floor(height / shrink / factor) * factor),
    };
  }
  if (resizedHeight * resizedWidth < limits.minPixels) {
    const enlarge = Math.sqrt(limits.minPixels / (height * width));
    return {
      width: Math.ceil((width * enlarge) / factor) * factor,
      height: Math.ceil((height * enlarge) / factor) * factor,
    };
  }
  return { width: resizedWidth, height: resizedHeight };
}

/** Image tokens the reader spends on a crop of this size, without touching a pixel. */
export function imageTokenCount(size: ImageSize, limits: PixelLimits): number {
  const factor = limits.patchSize * limits.mergeSize;
  const resized = smartResize(size, limits);
  return (resized.width / factor) * (resized.height / factor);
}
