import { ModelError } from '../../errors.js';
import type { ReaderConfig } from '../../reader-config.js';

/** Largest head of the flash attention kernels, and what every head must be a multiple of. */
const mostHeadSize = 256;
const headSizeStep = 8;

/** Throws COMPILE_FAILED where the attention kernels of the CUDA provider cannot take the sizes of a model. */
export function checkCudaKernels({ vision, text }: Pick<ReaderConfig, 'vision' | 'text'>): void {
  const visionHead = vision.hiddenSize / vision.headCount;
  checkHead('vision encoder', visionHead);
  checkHead('decoder', text.headDim);
  if (text.headCount % text.kvHeadCount !== 0) {
    refuse(`${text.headCount} query heads cannot share ${text.kvHeadCount} key and value heads`);
  }
}

function checkHead(part: string, size: number): void {
  if (size % headSizeStep === 0 && size <= mostHeadSize) return;
  refuse(`the head size of the ${part} is ${size}; multiples of ${headSizeStep} up to ${mostHeadSize} are supported`);
}

function refuse(reason: string): never {
  throw new ModelError('COMPILE_FAILED', `this model cannot run on CUDA: ${reason}`);
}
