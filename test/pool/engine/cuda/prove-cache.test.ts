import { expect, it } from 'vitest';
import { pagedBlockSize } from '../../../../models/compile/cuda/kv-pool.js';
import { proofBlockCount, proveCache } from '../../../../pool/engine/cuda/prove-cache.js';

/** A pool in plain memory; `keeps` says whether a value survives its run. */
function memoryGraphs(keeps: boolean) {
  let memory = new Map<number, number>();
  const seen = new Set<number>();
  return {
    seen,
    run: async (rows: readonly { ids: readonly number[]; pastLength: number; blockIds: readonly number[] }[]) => {
      const [{ ids, pastLength, blockIds }] = rows;
      for (const block of blockIds) seen.add(block);
      const place = (at: number) => blockIds[Math.floor(at / pagedBlockSize)] * pagedBlockSize + (at % pagedBlockSize);
      ids.forEach((id, index) => {
        memory.set(place(pastLength + index), id);
      });
      let state = 1;
      for (let at = 0; at < pastLength + ids.length; at++) state = (state * 31 + (memory.get(place(at)) ?? 0)) % 9973;
      if (!keeps) memory = new Map();
      return { tokens: [state], logprobs: [-1] };
    },
  };
}

it('passes a pool that keeps what is written, within the blocks it names', async () => {
  const graphs = memoryGraphs(true);
  await proveCache(graphs, 500);
  expect(Math.max(...graphs.seen)).toBeLessThan(proofBlockCount);
  expect(graphs.seen.has(0)).toBe(false);
});

it('fails a pool that forgets', async () => {
  await expect(proveCache(memoryGraphs(false), 500)).rejects.toMatchObject({ code: 'DEVICE_LOST' });
});

it('fails a device whose answers do not depend on the pool at all', async () => {
  const run = async () => ({ tokens: [3], logprobs: [-0.5] });
  await expect(proveCache({ run }, 500)).rejects.toMatchObject({ code: 'DEVICE_LOST', detail: { controlled: 0 } });
});
