import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModelError, type ModelFolder, type OpenedTokenizer } from '#models';
import type { Canary } from './canary.js';
import type { PreparePool } from './prepare/prepare-pool.js';

/** Tokens of the answer to a crop of which no text is known. */
const unknownLength = 8;

/** A prepare thread that dies at start is replaced; only when this many have died is the server of no use. */
const mostAttempts = 4;
const firstPauseMs = 250;

/**
 * The known crop of the model's manifest. A model without one is given a text prompt instead: then a device is ready
 * when it gives any answer. Throws MODEL_INVALID where the picture is missing.
 */
export async function openCanary(
  { dir, manifest, reader }: ModelFolder,
  { tokenizer, promptTemplate }: OpenedTokenizer,
  prepare: PreparePool,
): Promise<Canary> {
  const { canary } = manifest;
  if (!canary) {
    const { tokenIds } = promptTemplate.render([{ role: 'user', content: [{ type: 'text', text: 'OCR:' }] }]);
    return {
      crop: { task: 'ocr', promptIds: tokenIds, images: [], maxTokens: unknownLength, isStreamed: false },
      isRight: (answer) => answer.length > 0,
    };
  }
  const path = join(dir, canary.image);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new ModelError('MODEL_INVALID', `${path}: the canary of quire.json cannot be read`, { cause });
  });
  const { patches } = await preparePatiently(prepare, { bytes, task: canary.task, pixels: {} });
  const cellCount = (patches.gridHeight * patches.gridWidth) / reader.vision.mergeSize ** 2;
  return {
    crop: {
      task: canary.task,
      promptIds: promptTemplate.forTask(canary.task, cellCount).tokenIds,
      images: [patches],
      maxTokens: tokenizer.encode(canary.text).length * 2 + unknownLength,
      isStreamed: false,
    },
    isRight: (answer) => tokenizer.decode(answer).trim() === canary.text.trim(),
  };
}

/** Tries again where a prepare thread died; a picture that cannot be read stays a failure. */
async function preparePatiently(
  prepare: PreparePool,
  picture: Parameters<PreparePool['preparePicture']>[0],
): ReturnType<PreparePool['preparePicture']> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await prepare.preparePicture(picture);
    } catch (error) {
      if (attempt === mostAttempts || (error as { code?: string }).code !== 'PREPARE_FAILED') throw error;
      await sleep(firstPauseMs * 2 ** (attempt - 1));
    }
  }
}
