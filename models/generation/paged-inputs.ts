import type { Tensor } from '../session.js';
import { countUp } from './cuda-vision-inputs.js';
import { type MergedGrid, promptPositions } from './prompt-positions.js';
import { startsOf } from './starts-of.js';

/** What one sequence adds in a run of the paged decoder: its whole prompt, or the token it generated last. */
export interface PagedRow {
  readonly ids: readonly number[];
  /** Tokens of the sequence that are in the pool: none before a prompt. */
  readonly pastLength: number;
  /** Blocks of the pool that hold the sequence, with room for `ids`. */
  readonly blockIds: readonly number[];
  /** Merged grids of the pictures among `ids`, in order, and for each the first of its rows in `image_embeds`. */
  readonly grids: readonly MergedGrid[];
  readonly embedStarts: readonly number[];
}

/** Inputs of the paged decoder, all but `image_embeds`. */
export interface PagedInputs {
  readonly is_step: Tensor<'bool'>;
  readonly input_ids: Tensor<'int64'>;
  readonly sequence_starts: Tensor<'int32'>;
  readonly past_lengths: Tensor<'int32'>;
  readonly block_table: Tensor<'int32'>;
  readonly attention_bounds: Tensor<'int32'>;
  readonly image_index: Tensor<'int64'>;
  readonly is_image: Tensor<'bool'>;
  readonly position_ids: Tensor<'int64'>;
  readonly token_row: Tensor<'int64'>;
  readonly last_index: Tensor<'int64'>;
}

/** Whether a run has single tokens alone: no prompt, no picture. */
export function isStep(rows: readonly PagedRow[]): boolean {
  return rows.every(({ ids, grids }) => ids.length === 1 && grids.length === 0);
}

/** Packs the rows of a run one after another. Rows of single tokens alone make a step, the fast path of the graph. */
export function createPagedInputs(rows: readonly PagedRow[], imageTokenId: number, blockSize: number): PagedInputs {
  const isStepRun = isStep(rows);
  const starts = startsOf(rows.map(({ ids }) => ids.length));
  const total = starts.at(-1) as number;
  const width = Math.max(...rows.map(({ blockIds }) => blockIds.length));
  const table = new Int32Array(rows.length * width);
  rows.forEach(({ blockIds }, row) => {
    table.set(blockIds, row * width);
  });
  const lengths = rows.map(({ ids, pastLength }) => pastLength + ids.length);
  const mostTokens = Math.ceil(Math.max(...lengths) / blockSize) * blockSize;
  const bounds = [Math.max(...rows.map(({ ids }) => ids.length)), mostTokens, isStepRun ? Math.min(...lengths) : 0];
  return {
    is_step: { type: 'bool', dims: [], data: Uint8Array.of(Number(isStepRun)) },
    input_ids: int64(
      rows.flatMap(({ ids }) => ids as number[]),
      [total],
    ),
    sequence_starts: int32(starts, [starts.length]),
    past_lengths: int32(
      rows.map(({ pastLength }) => pastLength),
      [rows.length],
    ),
    block_table: { type: 'int32', dims: [rows.length, width], data: table },
    attention_bounds: int32(bounds, [bounds.length]),
    last_index: int64(
      starts.slice(1).map((end) => end - 1),
      [rows.length],
    ),
    ...(isStepRun ? unusedPromptInputs : promptInputs(rows, total, imageTokenId)),
  };
}

type PromptInputs = Pick<PagedInputs, 'image_index' | 'is_image' | 'position_ids' | 'token_row'>;

/** What a step is fed where only prompts are asked for anything. */
const unusedPromptInputs: PromptInputs = {
  image_index: int64([0], [1]),
  is_image: { type: 'bool', dims: [1], data: Uint8Array.of(0) },
  position_ids: int64([0, 0, 0], [3, 1]),
  token_row: int64([0], [1, 1]),
};

/**
 * Positions of a prompt are shifted so that what follows it sits at its place in the pool: a picture has at least as
 * many tokens as its longer side, so the shift is never negative, and attention only sees differences.
 */
function promptInputs(rows: readonly PagedRow[], total: number, imageTokenId: number): PromptInputs {
  const imageIndex = new BigInt64Array(total);
  const isImage = new Uint8Array(total);
  const positions = new BigInt64Array(3 * total);
  const indexWords = new Int32Array(imageIndex.buffer);
  const positionWords = new Int32Array(positions.buffer);
  let start = 0;
  for (const { ids, pastLength, grids, embedStarts } of rows) {
    const places = hideGenerated(ids, grids, imageTokenId);
    const { axes, next } = promptPositions(places, grids, imageTokenId);
    const shift = pastLength + ids.length - next;
    let image = 0;
    let cell = 0;
    places.forEach((id, place) => {
      axes.forEach((axis, index) => {
        positionWords[2 * (index * total + start + place)] = axis[place] + shift;
      });
      if (id !== imageTokenId) return;
      isImage[start + place] = 1;
      indexWords[2 * (start + place)] = embedStarts[image] + cell;
      cell++;
      if (cell === grids[image].height * grids[image].width) {
        image++;
        cell = 0;
      }
    });
    start += ids.length;
  }
  return {
    image_index: { type: 'int64', dims: [total], data: imageIndex },
    is_image: { type: 'bool', dims: [total], data: isImage },
    position_ids: { type: 'int64', dims: [3, total], data: positions },
    token_row: { type: 'int64', dims: [1, total], data: countUp(total) },
  };
}

/** The reader may generate the placeholder itself: those after its pictures count as text. */
function hideGenerated(ids: readonly number[], grids: readonly MergedGrid[], imageTokenId: number): readonly number[] {
  let left = grids.reduce((sum, { height, width }) => sum + height * width, 0);
  return ids.map((id) => (id === imageTokenId && left-- <= 0 ? -1 : id));
}

function int64(values: readonly number[], dims: readonly number[]): Tensor<'int64'> {
  return { type: 'int64', dims, data: BigInt64Array.from(values, BigInt) };
}

function int32(values: readonly number[], dims: readonly number[]): Tensor<'int32'> {
  return { type: 'int32', dims, data: Int32Array.from(values) };
}
