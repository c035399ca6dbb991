import { CropDesk, timed } from '../crop-desk.js';
import type { Engine, EngineCapacity, EngineCrop, StepResult } from '../engine.js';
import type { Sequence } from '../sequence.js';
import type { BlockPool } from './block-pool.js';
import type { Encoded, EngineGraphs, PagedRun } from './engine-graphs.js';
import { type PagedLimits, planPagedStep } from './paged-scheduler.js';

export interface CudaEngineLimits extends PagedLimits {
  /** Prompt and output tokens of a crop at most; the pool holds a sequence of this length. */
  readonly maxSequenceLength: number;
  readonly loopGuard: boolean;
  readonly stopIds: readonly number[];
  readonly mergeSize: number;
  /** A step goes on with single tokens for about this long while nothing else is to be done. */
  readonly sliceMs: number;
}

/**
 * A block that no pool has. Its place lies hundreds of gigabytes behind any, so nothing of others is written over, and
 * its first slot still fits in 32 bits: a number that did not would come out as a block that exists.
 */
const strayBlock = 8_000_000;

/** A run of the vision encoder: whose pictures, and how long it kept this thread. */
interface EncodedPictures<Embeds> {
  readonly sequences: readonly Sequence<Embeds>[];
  readonly encoded: Encoded<Embeds>;
  readonly hostMs: number;
}

/** How the graphs reach the runtime. */
export type EngineDoor = Pick<EngineCapacity, 'runtimeDoor' | 'runtimeDoorReason'>;

/**
 * The engine on CUDA. A step encodes the pictures of the crops that join, runs their prompts together with one token of
 * every running crop, and goes on with steps of single tokens. Keys and values stay in the pool on the device.
 */
export class CudaEngine<Embeds> implements Engine {
  readonly capacity: EngineCapacity;
  readonly #graphs: EngineGraphs<Embeds>;
  readonly #blocks: BlockPool;
  readonly #limits: CudaEngineLimits;
  readonly #desk: CropDesk<Embeds>;
  #running: Sequence<Embeds>[] = [];

  constructor(graphs: EngineGraphs<Embeds>, blocks: BlockPool, limits: CudaEngineLimits, door: EngineDoor = {}) {
    this.#graphs = graphs;
    this.#blocks = blocks;
    this.#limits = limits;
    this.#desk = new CropDesk({ ...limits, cacheLength: limits.maxSequenceLength });
    this.capacity = { maxBatch: limits.maxBatch, kvBlocksTotal: blocks.freeCount, ...door };
  }

  get hasWork(): boolean {
    return this.#desk.hasWork || this.#running.length > 0;
  }

  admit(crop: EngineCrop): void {
    this.#desk.admit(crop);
  }

  cancel(id: number): void {
    this.#desk.cancel(id);
  }

  async step(): Promise<StepResult> {
    const startedAt = performance.now();
    this.#desk.dropCancelled((isCancelled) => {
      for (const sequence of this.#running.filter(isCancelled)) this.#leave(sequence);
    });
    const plan = planPagedStep(
      this.#desk.queue(),
      this.#running.map(({ id, promptLength }) => ({
        id,
        length: promptLength,
        blockCount: this.#blocks.table(id).length,
      })),
      this.#blocks.freeCount,
      this.#limits,
    );
    for (const id of plan.preempted) this.#giveWay(id);
    const pictures: EncodedPictures<Embeds>[] = [];
    for (const run of plan.vision) {
      const sequences = this.#desk.find(run.map(({ id }) => id));
      pictures.push(await this.#encode(run.map(({ image }, index) => ({ sequence: sequences[index], image }))));
    }
    const joining = this.#desk.find(plan.joining);
    const batchSize = this.#running.length + joining.length;
    if (batchSize > 0) await this.#run(joining, pictures);
    // Who follows a crop gets its first token at once.
    const isAwaited = joining.some(({ crop }) => crop.isStreamed);
    while (!isAwaited && this.#canGoOn(batchSize) && performance.now() - startedAt < this.#limits.sliceMs)
      await this.#run([]);
    // Once a step and not once a run: what crosses is fewer and larger.
    for (const sequence of this.#running) this.#desk.report(sequence);
    return {
      events: this.#desk.takeEvents(),
      report: {
        durationMs: performance.now() - startedAt,
        batchSize,
        prefillCount: joining.length,
        waitingCount: this.#desk.waiting.length,
        runningCount: this.#running.length,
        kvBlocksUsed: this.#blocks.usedCount,
      },
    };
  }

  async fault(): Promise<never> {
    await this.#graphs.run([{ ids: [0], pastLength: 1, blockIds: [strayBlock], grids: [], embeddings: [] }]);
    throw new Error('A run outside the memory of the GPU was not noticed.');
  }

  close(): Promise<void> {
    return this.#graphs.close();
  }

  #leave(sequence: Sequence<Embeds>): void {
    this.#blocks.release(sequence.id);
    this.#running = this.#running.filter((running) => running !== sequence);
  }

  #giveWay(id: number): void {
    const sequence = this.#running.find((running) => running.id === id) as Sequence<Embeds>;
    this.#leave(sequence);
    this.#desk.giveWay(sequence);
  }

  /** Whether single tokens may go on in this step: nobody left or waits for the place, and every sequence has room. */
  #canGoOn(batchSize: number): boolean {
    if (this.#running.length === 0 || this.#desk.hasCancelled) return false;
    if (this.#running.length < batchSize && this.#desk.waiting.length > 0) return false;
    let free = this.#blocks.freeCount;
    for (const { id, promptLength } of this.#running) {
      free -= Math.ceil(promptLength / this.#limits.blockSize) - this.#blocks.table(id).length;
    }
    return free >= 0;
  }

  async #encode(run: readonly { sequence: Sequence<Embeds>; image: number }[]): Promise<EncodedPictures<Embeds>> {
    const sequences = run.map(({ sequence }) => sequence);
    for (const sequence of sequences) sequence.start();
    const images = run.map(({ sequence, image }) => sequence.crop.images[image]);
    const [encoded, hostMs] = await timed(sequences, () => this.#graphs.encodeImages(images));
    run.forEach(({ sequence, image }, index) => {
      sequence.embeddings[image] = encoded.embeddings[index];
    });
    return { sequences, encoded, hostMs };
  }

  /** One run of the decoder: the last token of every running sequence, and the prompts of those that join. */
  async #run(joining: readonly Sequence<Embeds>[], pictures: readonly EncodedPictures<Embeds>[] = []): Promise<void> {
    const steps = [...this.#running];
    const rows = [...steps.map((sequence) => this.#stepRow(sequence)), ...joining.map((one) => this.#promptRow(one))];
    const sequences = [...steps, ...joining];
    const [{ tokens, logprobs, visionMs }, runMs] = await timed(sequences, async () => ({
      ...(await this.#graphs.run(rows)),
      visionMs: pictures.map(({ encoded, hostMs }) => encoded.ms?.() ?? hostMs),
    }));
    // The pictures may have been encoded while the run waited for them.
    let ms = runMs;
    pictures.forEach(({ sequences: shown, hostMs }, run) => {
      ms += hostMs - visionMs[run];
      for (const sequence of shown) sequence.times.visionMs += visionMs[run] / shown.length;
    });
    ms = Math.max(0, ms);
    const joined = new Set(joining);
    this.#desk.join(joining);
    const tokenCount = rows.reduce((sum, { ids }) => sum + ids.length, 0);
    sequences.forEach((sequence, row) => {
      const share = (ms * rows[row].ids.length) / tokenCount;
      sequence.times[joined.has(sequence) ? 'prefillMs' : 'decodeMs'] += share;
      sequence.record(tokens[row], logprobs[row]);
    });
    this.#running = sequences;
    this.#settle();
  }

  #stepRow({ id, promptLength, tokenIds }: Sequence<Embeds>): PagedRun<Embeds> {
    this.#blocks.hold(id, promptLength);
    return {
      ids: [tokenIds.at(-1) as number],
      pastLength: promptLength - 1,
      blockIds: this.#blocks.table(id),
      grids: [],
      embeddings: [],
    };
  }

  #promptRow(sequence: Sequence<Embeds>): PagedRun<Embeds> {
    const { id, promptIds, crop, embeddings } = sequence;
    const { mergeSize } = this.#limits;
    sequence.start();
    this.#blocks.hold(id, promptIds.length);
    return {
      ids: promptIds,
      pastLength: 0,
      blockIds: this.#blocks.table(id),
      grids: crop.images.map(({ gridHeight, gridWidth }) => ({
        height: gridHeight / mergeSize,
        width: gridWidth / mergeSize,
      })),
      embeddings: embeddings as Embeds[],
    };
  }

  /** Lets go of what has ended, with a last report. */
  #settle(): void {
    for (const sequence of [...this.#running]) {
      if (!this.#desk.isOver(sequence)) continue;
      this.#leave(sequence);
      this.#desk.finish(sequence);
    }
  }
}
