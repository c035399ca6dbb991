/** A sequence whose prompt is not in the cache yet, oldest first in the plan's input. */
export interface WaitingSequence {
  readonly id: number;
  /** Tokens of its prompt, with what it had generated before it gave way. */
  readonly promptLength: number;
  /** Patches of each picture that has no embeddings yet. */
  readonly patchCounts: readonly number[];
}

export interface RunningSequence {
  readonly id: number;
  /** Tokens in the cache. */
  readonly length: number;
  /** Tokens it may still generate. */
  readonly remaining: number;
  readonly isStreamed: boolean;
}

export interface SchedulerLimits {
  readonly maxBatch: number;
  readonly blockSize: number;
  readonly blockCount: number;
  /** Prompt tokens, padding included, that may enter a step. */
  readonly prefillTokenBudget: number;
  /** Patches of one step, and of one run of the vision encoder. */
  readonly visionPatchBudget: number;
  readonly visionRunPatches: number;
  /** Steps of one decode run: while something waits to join or streams, and otherwise. */
  readonly shortRun: number;
  readonly longRun: number;
}

/** A picture of a waiting sequence: `image` is its index. */
export interface PlannedImage {
  readonly id: number;
  readonly image: number;
}

export interface StepPlan {
  /** Runs of the vision encoder; all pictures of a run have the same number of patches. */
  readonly vision: readonly (readonly PlannedImage[])[];
  /** Runs of prompts of about one length. */
  readonly prefill: readonly (readonly number[])[];
  /** Sequences that give way, youngest first: they leave the cache and wait again. */
  readonly preempted: readonly number[];
  /** Greedy steps of the decode run; 0 when nothing runs. */
  readonly decodeSteps: number;
}

/** Prompts in one run differ in length by this factor at most: the rest would be padding. */
const mostPadding = 1.3;

/**
 * Decides what enters this step. Waiting sequences join in order while rows, blocks and the budgets last, one at least
 * if it fits at all; nothing overtakes, so nothing starves. Running sequences that have outgrown the blocks give way,
 * the youngest (last in `running`) first; one that runs alone is never preempted.
 */
export function planStep(
  waiting: readonly WaitingSequence[],
  running: readonly RunningSequence[],
  limits: SchedulerLimits,
): StepPlan {
  const { staying, preempted } = keepRunning(running, limits);
  const joining = preempted.length > 0 ? [] : chooseJoining(waiting, staying, limits);
  const isPressed = waiting.length > joining.length || preempted.length > 0;
  return {
    vision: groupImages(joining, limits.visionRunPatches),
    prefill: groupPrompts(joining, limits.prefillTokenBudget),
    preempted: preempted.map(({ id }) => id),
    // What joins now decodes from the same step on.
    decodeSteps: runLength(staying, joining, isPressed, limits),
  };
}

function runLength(
  staying: readonly RunningSequence[],
  joining: readonly WaitingSequence[],
  isPressed: boolean,
  { shortRun, longRun, blockSize, blockCount }: SchedulerLimits,
): number {
  const rows = staying.length + joining.length;
  if (rows === 0) return 0;
  const isShort = isPressed || staying.some(({ isStreamed }) => isStreamed);
  const remaining = joining.length > 0 ? longRun : Math.max(...staying.map((sequence) => sequence.remaining));
  const length = Math.max(longest(staying), ...joining.map(({ promptLength }) => promptLength));
  const room = Math.floor(blockCount / rows) * blockSize - length;
  return Math.max(1, Math.min(isShort ? shortRun : longRun, remaining, room));
}

function keepRunning(
  running: readonly RunningSequence[],
  { blockSize, blockCount }: SchedulerLimits,
): { staying: RunningSequence[]; preempted: RunningSequence[] } {
  const staying = [...running];
  const preempted: RunningSequence[] = [];
  while (staying.length > 1 && blocksOf(staying.length, longest(staying) + 1, blockSize) > blockCount) {
    preempted.push(staying.pop() as RunningSequence);
  }
  return { staying, preempted };
}

function chooseJoining(
  waiting: readonly WaitingSequence[],
  running: readonly RunningSequence[],
  limits: SchedulerLimits,
): WaitingSequence[] {
  const joining: WaitingSequence[] = [];
  let columns = longest(running);
  let tokens = 0;
  let patches = 0;
  for (const sequence of waiting) {
    const rows = running.length + joining.length + 1;
    // Room for the first run as well, or it would give way at once.
    const length = Math.max(columns, sequence.promptLength) + limits.shortRun;
    if (rows > limits.maxBatch || blocksOf(rows, length, limits.blockSize) > limits.blockCount) break;
    tokens += sequence.promptLength;
    patches += sum(sequence.patchCounts);
    const isWithin = tokens <= limits.prefillTokenBudget && patches <= limits.visionPatchBudget;
    if (joining.length > 0 && !isWithin) break;
    joining.push(sequence);
    columns = Math.max(columns, sequence.promptLength);
  }
  return joining;
}

/** Same-size pictures together, each run within the budget or a single picture. */
function groupImages(joining: readonly WaitingSequence[], budget: number): PlannedImage[][] {
  const groups = new Map<number, PlannedImage[][]>();
  for (const { id, patchCounts } of joining) {
    patchCounts.forEach((count, image) => {
      const runs = groups.get(count) ?? [];
      groups.set(count, runs);
      const last = runs.at(-1);
      if (last && (last.length + 1) * count <= budget) last.push({ id, image });
      else runs.push([{ id, image }]);
    });
  }
  return [...groups.values()].flat();
}

function groupPrompts(joining: readonly WaitingSequence[], budget: number): number[][] {
  const sorted = [...joining].sort((a, b) => a.promptLength - b.promptLength);
  const groups: WaitingSequence[][] = [];
  for (const sequence of sorted) {
    const last = groups.at(-1);
    const isAlike = last && sequence.promptLength <= last[0].promptLength * mostPadding;
    if (isAlike && (last.length + 1) * sequence.promptLength <= budget) last.push(sequence);
    else groups.push([sequence]);
  }
  return groups.map((group) => group.map(({ id }) => id));
}

function blocksOf(rows: number, length: number, blockSize: number): number {
  return rows * Math.ceil(length / blockSize);
}

function longest(running: readonly RunningSequence[]): number {
  return Math.max(0, ...running.map(({ length }) => length));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
