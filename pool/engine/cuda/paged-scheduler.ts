import type { PlannedImage, WaitingSequence } from '../scheduler.js';

/** A sequence whose tokens are in the pool, all but the last. */
export interface PagedSequence {
  readonly id: number;
  /** Tokens it has, prompt and generated. */
  readonly length: number;
  /** Blocks it holds. */
  readonly blockCount: number;
}

export interface PagedLimits {
  readonly maxBatch: number;
  readonly blockSize: number;
  /** Prompt tokens that may enter a step. */
  readonly prefillTokenBudget: number;
  /** Patches that may be encoded in a step. */
  readonly visionPatchBudget: number;
  /** Pictures from this size on are encoded one by one. */
  readonly largePatchCount: number;
}

export interface PagedPlan {
  /** Runs of the vision encoder: a large picture, or several small ones. */
  readonly vision: readonly (readonly PlannedImage[])[];
  /** Waiting sequences whose prompts enter the pool, together with a token of each running one. */
  readonly joining: readonly number[];
  /** Sequences that give way, youngest first: they leave the pool and wait again. */
  readonly preempted: readonly number[];
}

/**
 * Decides what enters this step. Every running sequence must be able to take one more token: where blocks are short the
 * youngest (last in `running`) give way, never the last one left. Waiting sequences join in order while rows, blocks
 * and the budgets last, one at least if it fits at all; nothing overtakes, so nothing starves.
 */
export function planPagedStep(
  waiting: readonly WaitingSequence[],
  running: readonly PagedSequence[],
  freeBlocks: number,
  limits: PagedLimits,
): PagedPlan {
  const staying = [...running];
  const preempted: PagedSequence[] = [];
  const missing = ({ length, blockCount }: PagedSequence) => blocksFor(length, limits) - blockCount;
  let free = freeBlocks - staying.reduce((sum, sequence) => sum + missing(sequence), 0);
  while (free < 0 && staying.length > 1) {
    const youngest = staying.pop() as PagedSequence;
    free += missing(youngest) + youngest.blockCount;
    preempted.push(youngest);
  }
  const joining = preempted.length > 0 ? [] : chooseJoining(waiting, staying.length, free, limits);
  return {
    vision: groupPictures(joining, limits),
    joining: joining.map(({ id }) => id),
    preempted: preempted.map(({ id }) => id),
  };
}

function chooseJoining(
  waiting: readonly WaitingSequence[],
  runningCount: number,
  freeBlocks: number,
  limits: PagedLimits,
): WaitingSequence[] {
  const joining: WaitingSequence[] = [];
  let free = freeBlocks;
  let tokens = 0;
  let patches = 0;
  for (const sequence of waiting) {
    // Room for the first generated token as well, or it might give way at once.
    free -= blocksFor(sequence.promptLength + 1, limits);
    if (runningCount + joining.length >= limits.maxBatch || free < 0) break;
    tokens += sequence.promptLength;
    for (const count of sequence.patchCounts) patches += count;
    const isWithin = tokens <= limits.prefillTokenBudget && patches <= limits.visionPatchBudget;
    if (joining.length > 0 && !isWithin) break;
    joining.push(sequence);
  }
  return joining;
}

/** Large pictures fill the device alone; the small ones go together, so that they share the launches. */
function groupPictures(joining: readonly WaitingSequence[], limits: PagedLimits): PlannedImage[][] {
  const runs: PlannedImage[][] = [];
  let shared: PlannedImage[] | null = null;
  let patches = 0;
  for (const { id, patchCounts } of joining) {
    patchCounts.forEach((count, image) => {
      if (count >= limits.largePatchCount) {
        runs.push([{ id, image }]);
        return;
      }
      if (!shared || patches + count > limits.visionPatchBudget) {
        shared = [];
        runs.push(shared);
        patches = 0;
      }
      shared.push({ id, image });
      patches += count;
    });
  }
  return runs;
}

function blocksFor(length: number, { blockSize }: PagedLimits): number {
  return Math.ceil(length / blockSize);
}
