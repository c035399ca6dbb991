import type { Tensor } from '../session.js';
import { type MergedGrid, promptPositions } from './prompt-positions.js';

/** A prompt and where the embeddings of its images lie. */
export interface PrefillPrompt {
  /** Token ids, the image placeholder repeated once for each cell. */
  readonly ids: readonly number[];
  /** Merged grids of its images, in order. */
  readonly grids: readonly MergedGrid[];
  /** For each image the first of its rows in `image_embeds`. */
  readonly embedStarts: readonly number[];
}

/** Inputs of the compiled prefill graph, all but `image_embeds`. */
export interface PrefillInputs {
  readonly input_ids: Tensor<'int64'>;
  readonly image_index: Tensor<'int64'>;
  readonly is_image: Tensor<'bool'>;
  readonly position_ids: Tensor<'int64'>;
  readonly lengths: Tensor<'int64'>;
}

export interface PrefillBatch {
  readonly inputs: PrefillInputs;
  /** For each prompt the position of its first generated token on all three axes. */
  readonly nextPositions: readonly number[];
}

/**
 * A batch of prompts, padded on the right to the longest: B rows of S tokens. Padding has id 0 and position 0;
 * `lengths` keeps it out of attention. The graph needs at least one row of image embeddings, even for text alone.
 */
export function createPrefillInputs(prompts: readonly PrefillPrompt[], imageTokenId: number): PrefillBatch {
  const batch = prompts.length;
  const width = Math.max(...prompts.map((prompt) => prompt.ids.length));
  const ids = new BigInt64Array(batch * width);
  const imageIndex = new BigInt64Array(batch * width);
  const isImage = new Uint8Array(batch * width);
  const positions = new BigInt64Array(3 * batch * width);
  const nextPositions = prompts.map((prompt, row) => {
    const { axes, next } = promptPositions(prompt.ids, prompt.grids, imageTokenId);
    const rowsOfImages = prompt.grids.flatMap((grid, image) =>
      Array.from({ length: grid.height * grid.width }, (_, cell) => prompt.embedStarts[image] + cell),
    );
    let seen = 0;
    prompt.ids.forEach((id, column) => {
      const place = row * width + column;
      ids[place] = BigInt(id);
      axes.forEach((axis, index) => {
        positions[index * batch * width + place] = BigInt(axis[column]);
      });
      if (id === imageTokenId) {
        isImage[place] = 1;
        imageIndex[place] = BigInt(rowsOfImages[seen++]);
      }
    });
    return next;
  });
  const dims = [batch, width];
  return {
    inputs: {
      input_ids: { type: 'int64', dims, data: ids },
      image_index: { type: 'int64', dims, data: imageIndex },
      is_image: { type: 'bool', dims, data: isImage },
      position_ids: { type: 'int64', dims: [3, batch, width], data: positions },
      lengths: {
        type: 'int64',
        dims: [batch],
        data: BigInt64Array.from(prompts, ({ ids: list }) => BigInt(list.length)),
      },
    },
    nextPositions,
  };
}
