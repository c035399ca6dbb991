import { pagedBlockSize } from '#models';
import { PoolError } from '../../errors.js';
import type { EngineGraphs, PagedResult } from './engine-graphs.js';

/** Blocks the proof uses, 1 to 6; the pool must have one more. */
export const proofBlockCount = 7;

/** Two values of float16 arithmetic agree within this much, in log-probability; unrelated ones rarely do. */
const tolerance = 0.1;
const promptCount = 3;
/** Enough for the path that many sequences take. */
const manyCount = 128;

/**
 * Shows that what one run writes into the KV pool is there for the next: a prompt in one run must give what all but its
 * last token and then that token give in two, by the path of prompts and by those of steps. The control, the same last
 * token over blocks that nobody filled, must give something else. The pool is updated in place by means the runtime
 * does not document, so this is repeated at every start. Throws DEVICE_LOST.
 */
export async function proveCache(graphs: Pick<EngineGraphs<never>, 'run'>, vocabSize: number): Promise<void> {
  const length = pagedBlockSize + 44;
  let kept = 0;
  let controlled = 0;
  for (let prompt = 0; prompt < promptCount; prompt++) {
    const ids = Array.from({ length }, (_, place) => 10 + ((place * 37 + prompt * 11) % (vocabSize - 10)));
    const run = (part: readonly number[], pastLength: number, blockIds: readonly number[]) =>
      graphs.run([{ ids: part, pastLength, blockIds, grids: [], embeddings: [] }]);
    const whole = await run(ids, 0, [1, 2]);
    await run(ids.slice(0, -1), 0, [3, 4]);
    const continued = await run(ids.slice(-1), length - 1, [3, 4]);
    const many = await graphs.run(
      new Array(manyCount).fill({
        ids: ids.slice(-1),
        pastLength: length - 1,
        blockIds: [3, 4],
        grids: [],
        embeddings: [],
      }),
    );
    const control = await run(ids.slice(-1), length - 1, [5, 6]);
    if (agree(whole, continued) && agree(whole, many)) kept++;
    if (!agree(whole, control)) controlled++;
  }
  // Two almost equal tokens may change places once.
  if (kept >= promptCount - 1 && controlled >= promptCount - 1) return;
  const detail = { kept, controlled, promptCount };
  throw new PoolError('DEVICE_LOST', 'The KV pool of the device does not keep what a run writes into it.', detail);
}

function agree(one: PagedResult, other: PagedResult): boolean {
  return one.tokens[0] === other.tokens[0] && Math.abs(one.logprobs[0] - other.logprobs[0]) < tolerance;
}
