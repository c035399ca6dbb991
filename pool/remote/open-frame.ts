import { type CropPatches, type ModelFolder, patchByteCount } from '#models';
import type { CropSpec } from '../crop-job.js';
import { PoolError } from '../errors.js';
import type { CropFrame } from './crop-frame.js';

/** What a frame says of its crop, apart from who sent it. */
export type FramedCrop = Pick<
  CropSpec,
  'kind' | 'promptIds' | 'images' | 'imageTokenCount' | 'maxTokens' | 'ignoresStop' | 'prefix'
>;

/**
 * The crop of a frame, held against the model: an engine relies on what is checked here. Throws CROP_INVALID or
 * CROP_TOO_LONG.
 */
export function openFrame(
  { head, pixels }: CropFrame,
  { reader }: Pick<ModelFolder, 'reader'>,
  maxSequenceLength: number,
): FramedCrop {
  const { vision, text, imageTokenId } = reader;
  const { promptIds, prefix, maxTokens, ignoresStop } = head;
  let offset = 0;
  let patchCount = 0;
  const images = head.images.map((image): CropPatches => {
    const { gridHeight, gridWidth, isGrey } = image;
    if (gridHeight % vision.mergeSize !== 0 || gridWidth % vision.mergeSize !== 0) {
      throw invalid(`a grid of ${gridHeight} x ${gridWidth} patches cannot be merged by ${vision.mergeSize}`);
    }
    // A view of several pictures would cross to a thread with all of them.
    const end = offset + gridHeight * gridWidth * patchByteCount(vision.patchSize, isGrey);
    const patches = head.images.length === 1 ? pixels : pixels.slice(offset, end);
    offset = end;
    patchCount += gridHeight * gridWidth;
    return { ...image, patches };
  });
  if (offset !== pixels.length) throw invalid(`its pictures have ${pixels.length} bytes instead of ${offset}`);
  const imageTokenCount = patchCount / vision.mergeSize ** 2;
  const placeholderCount = promptIds.filter((id) => id === imageTokenId).length;
  if (placeholderCount !== imageTokenCount) {
    throw invalid(`its prompt has room for ${placeholderCount} merged patches instead of ${imageTokenCount}`);
  }
  const generated = prefix?.tokenIds ?? [];
  if (prefix && prefix.logprobs.length !== generated.length) throw invalid('its prefix lacks log-probabilities');
  const isUnknown = (id: number): boolean => id >= text.vocabSize;
  if (promptIds.some(isUnknown) || generated.some(isUnknown)) throw invalid('it has tokens that the model lacks');
  const length = promptIds.length + generated.length;
  if (length >= Math.min(maxSequenceLength, text.maxPositions) || generated.length >= maxTokens) {
    throw new PoolError('CROP_TOO_LONG', `The prompt has ${length} tokens, which leaves no room for another.`);
  }
  return {
    kind: head.task,
    promptIds,
    images,
    imageTokenCount,
    maxTokens,
    ...(ignoresStop && { ignoresStop }),
    ...(prefix && { prefix }),
  };
}

function invalid(reason: string): PoolError {
  return new PoolError('CROP_INVALID', `The crop does not hold together: ${reason}.`);
}
