import type { CropPatches } from '../../models/image/crop-patches.js';
import type { EngineGraphs } from '../../pool/engine/cuda/engine-graphs.js';

/** The token after a text: any fixed function of all that went before, pictures included. */
export function nextToken(tokens: readonly number[]): number {
  let state = 17;
  for (const token of tokens) state = (state * 31 + token) % 1_000_003;
  return state % 97;
}

/** What a reader with that function makes of a prompt whose pictures are given by their first byte. */
export function readAlone(promptIds: readonly number[], images: readonly CropPatches[], imageId: number, most: number) {
  const tokens = promptIds.map((id) => (id === imageId ? 1000 + images[0].patches[0] : id));
  const answer: number[] = [];
  while (answer.length < most && answer.at(-1) !== stopId) answer.push(nextToken([...tokens, ...answer]));
  return answer;
}

export const stopId = 7;
export const blockSize = 4;

/**
 * Graphs with the memory of a paged pool and nothing else: a run writes tokens through the block tables and reads the
 * whole text back through them, so that a wrong table, length or block shows in the answer. `isForgetful` loses what a
 * run wrote when it ends.
 */
export function simulatePagedGraphs(
  imageId: number,
  isForgetful = false,
): EngineGraphs<Uint16Array> & { readonly runSizes: number[] } {
  let memory = new Map<number, number>();
  const runSizes: number[] = [];
  return {
    runSizes,
    encodeImages: async (images) => ({
      embeddings: images.map(({ gridHeight, gridWidth, patches }) =>
        new Uint16Array((gridHeight * gridWidth) / 4).fill(1000 + patches[0]),
      ),
    }),
    async run(rows) {
      runSizes.push(rows.length);
      const held = rows.flatMap(({ blockIds }) => blockIds);
      if (new Set(held).size !== held.length || held.includes(0)) throw new Error('a block belongs to two sequences');
      const tokens = rows.map(({ ids, pastLength, blockIds, embeddings }) => {
        const cells = embeddings.flatMap((values) => [...values]);
        const place = (at: number) => {
          if (at >= blockIds.length * blockSize) throw new Error('a token has no block');
          return blockIds[Math.floor(at / blockSize)] * blockSize + (at % blockSize);
        };
        ids.forEach((id, index) => {
          memory.set(place(pastLength + index), id === imageId && cells.length > 0 ? (cells.shift() as number) : id);
        });
        const length = pastLength + ids.length;
        return nextToken(Array.from({ length }, (_, at) => memory.get(place(at)) ?? -1));
      });
      if (isForgetful) memory = new Map();
      return { tokens, logprobs: tokens.map((token) => -token / 100) };
    },
    close: async () => {},
  };
}
