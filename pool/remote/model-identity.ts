import { createHash } from 'node:crypto';
import type { ModelFolder } from '#models';
import type { EngineStatus } from './engine-contract.js';

/**
 * What two hosts must have in common for a crop of one to be read by the other: weights, sizes, special tokens and the
 * way positions are laid over a picture. Devices, precision and place on the disk may differ.
 */
export function identifyModel({ name, contentId, reader, manifest }: ModelFolder): EngineStatus['model'] {
  const parts = [contentId, reader, manifest.visionPositionAlign];
  return { name, weightsId: createHash('sha256').update(JSON.stringify(parts)).digest('hex') };
}
