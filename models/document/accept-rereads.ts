import { meanConfidence } from '../generation/confidence.js';
import type { Reread } from './check-readings.js';
import { type CropOutcome, isFailure } from './crop-outcome.js';
import type { PagePlan, PlannedBlock } from './page-plan.js';

/** A plan and what was read by it. */
export interface ReadPlan {
  readonly plan: PagePlan;
  /** `outcomes[b][c]` belongs to crop `c` of block `b`. */
  readonly outcomes: readonly (readonly CropOutcome[])[];
}

/**
 * Puts second readings in the place of the first where they are better: pieces and cells always are, the same line
 * read again only when it ended by itself and with more confidence. `answers[r]` holds the outcomes of reread `r`.
 */
export function acceptRereads(
  { plan, outcomes }: ReadPlan,
  rereads: readonly Reread[],
  answers: readonly (readonly CropOutcome[])[],
): ReadPlan {
  const blocks: PlannedBlock[] = [...plan.blocks];
  const kept: (readonly CropOutcome[])[] = [...outcomes];
  // From the last crop to the first, so that the places of earlier ones stay true.
  for (let index = rereads.length - 1; index >= 0; index--) {
    const { block: b, crop: c, crops, cells } = rereads[index];
    const answer = answers[index];
    if (answer.length !== crops.length || answer.some(isFailure)) continue;
    const block = blocks[b];
    if (cells) {
      const { grid: _, ...rest } = block;
      blocks[b] = { ...rest, crops, cells };
      kept[b] = answer;
      continue;
    }
    const isBetter = crops.length > 1 || !isWorse(answer[0], kept[b][c]);
    // A reading that is kept takes on the round of the attempt, so that the attempts end.
    const replacement = isBetter ? crops : [{ ...block.crops[c], round: crops[0].round }];
    blocks[b] = { ...block, crops: [...block.crops.slice(0, c), ...replacement, ...block.crops.slice(c + 1)] };
    if (isBetter) kept[b] = [...kept[b].slice(0, c), ...answer, ...kept[b].slice(c + 1)];
  }
  return { plan: { ...plan, blocks }, outcomes: kept };
}

function isWorse(again: CropOutcome, before: CropOutcome): boolean {
  if (isFailure(again)) return true;
  if (isFailure(before)) return false;
  if (again.finishReason !== before.finishReason) return again.finishReason !== 'stop';
  return (meanConfidence(again.logprobs) ?? 0) <= (meanConfidence(before.logprobs) ?? 0);
}
