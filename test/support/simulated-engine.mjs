// An engine of fixed speed: sleeps as long as the work would take and gives no text. Selected by the test-only
// `engineModule` of `openPool`; the pool, the queue, the threads and the messages are the real ones.

import { fileURLToPath } from 'node:url';
import { openModel, openTokenizer } from '../../dist/models/index.js';

/** Milliseconds per merged image token, per output token of a crop that runs alone, and rows that decode together. */
const speed = {
  imageTokenMs: Number(process.env.QUIRE_SIM_IMAGE_MS ?? 1),
  outputTokenMs: Number(process.env.QUIRE_SIM_OUTPUT_MS ?? 0),
  rows: Number(process.env.QUIRE_SIM_ROWS ?? 1),
};
/** A step lasts this long at most, so that crops join and leave. */
const stepMs = 20;
const canaryId = 0;

export async function openEngine({ model }) {
  const canaryTokens = await readCanary(model);
  const cellPatches = model.reader.vision.mergeSize ** 2;
  const waiting = [];
  const running = [];
  /** As in the real engine, what was cancelled is gone at the next step, which says so. */
  const cancelled = new Set();
  const costOf = ({ images }) => {
    const patches = images.reduce((sum, { gridHeight, gridWidth }) => sum + gridHeight * gridWidth, 0);
    const imageTokens = patches / cellPatches;
    return imageTokens * (speed.imageTokenMs + speed.outputTokenMs);
  };
  const drop = (list, id) => {
    const place = list.findIndex((entry) => entry.crop.id === id);
    if (place >= 0) list.splice(place, 1);
  };
  return {
    capacity: { maxBatch: speed.rows, kvBlocksTotal: speed.rows },
    get hasWork() {
      return waiting.length + running.length > 0;
    },
    admit(crop) {
      // The canary is answered at once: its text is known.
      const cost = crop.id === canaryId ? 0 : costOf(crop);
      waiting.push({ crop, cost, left: cost, startedAt: 0 });
    },
    cancel(id) {
      cancelled.add(id);
    },
    async step() {
      const startedAt = performance.now();
      for (const id of cancelled) {
        drop(waiting, id);
        drop(running, id);
      }
      cancelled.clear();
      while (running.length < speed.rows && waiting.length > 0) {
        const entry = waiting.shift();
        entry.startedAt = startedAt;
        running.push(entry);
      }
      const span = Math.min(stepMs, ...running.map(({ left }) => left));
      if (span > 0 && running.length > 0) await new Promise((resolve) => setTimeout(resolve, span));
      // Timers are late; the speed is that of the clock.
      const elapsed = performance.now() - startedAt;
      const events = [];
      for (const entry of [...running]) {
        entry.left -= elapsed;
        if (entry.left > 0.5) continue;
        drop(running, entry.crop.id);
        // A text that could stand in a line, or the line would be read again.
        const tokenIds = canaryTokens;
        const timings = { waitMs: 0, visionMs: entry.cost, prefillMs: 0, decodeMs: 0, firstTokenMs: entry.cost };
        const logprobs = tokenIds.map(() => 0);
        const reading = { tokenIds, logprobs, finishReason: 'stop', keepCount: tokenIds.length, timings };
        events.push({ type: 'finished', id: entry.crop.id, reading });
      }
      return {
        events,
        report: {
          durationMs: elapsed,
          batchSize: running.length,
          prefillCount: 0,
          waitingCount: waiting.length,
          runningCount: running.length,
          kvBlocksUsed: running.length,
        },
      };
    },
    async close() {},
  };
}

/** What the embedded model reads on its canary: it has to be known, as nothing is read here. */
async function readCanary({ manifest, reader }) {
  const folder = await openModel(fileURLToPath(new URL('../../models/pocket', import.meta.url)));
  return [...openTokenizer(folder).tokenizer.encode(manifest.canary.text), reader.eosTokenIds[0]];
}
