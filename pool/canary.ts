import type { CropMessage } from './protocol.js';

/** A crop whose reading is known. */
export interface Canary {
  readonly crop: Omit<CropMessage, 'id'>;
  isRight(tokenIds: readonly number[]): boolean;
}

/** Id of the canary among the crops of a shard; crops of documents count from 1. */
export const canaryId = 0;
