import { ModelError } from '../errors.js';
import type { Manifest } from '../manifest.js';

/** What graphs are compiled for: where they run and in which arithmetic. */
export interface CompileTarget {
  readonly device: 'cpu' | 'cuda';
  readonly precision: 'fp32' | 'fp16' | 'int8';
}

/**
 * The target for a device: `auto` is what the model's manifest asks for.
 * Throws COMPILE_FAILED for fp16 on the CPU and all but fp16 on CUDA, for which there are no graphs.
 */
export function chooseTarget(
  manifest: Pick<Manifest, 'precision'>,
  device: CompileTarget['device'],
  precision: CompileTarget['precision'] | 'auto',
): CompileTarget {
  const chosen = precision === 'auto' ? manifest.precision[device] : precision;
  if ((device === 'cpu' && chosen === 'fp16') || (device === 'cuda' && chosen !== 'fp16')) {
    const others = device === 'cpu' ? 'fp32 or int8' : 'fp16';
    throw new ModelError('COMPILE_FAILED', `${chosen} is not available on ${device}; use ${others}`);
  }
  return { device, precision: chosen };
}
